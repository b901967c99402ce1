/**
 * How loci that meet at w0 lie to each other, from order reads alone (paper B's typed intersection; science.md 2c): each of the directions
 * is flat by itself and they move the outputs together, so their loci cross, with the exponents that are read at points where all but one
 * have been left; or each moves the outputs at its own order, as fast as both do, so they are independent; or nothing ever moves.
 */
import type { TensorOps } from '../numerics/ops';
import { ArcMap } from './arc-map';
import { ArcReader, type ArcReading } from './arc-order';
import type { OutputMap } from './output-map';

export type PairType =
  | {
      readonly type: 'crossing';
      /** Order of each direction at the point where the others have been left, and that of all together: their sum. */
      readonly orders: readonly number[];
      readonly together: number;
    }
  | { readonly type: 'independent'; readonly orders: readonly number[] }
  | { readonly type: 'flat' }
  | { readonly type: 'unknown'; readonly reason: string };

export interface PairOptions {
  /** Sees the reader at every point where all but one direction have been left, and which one stayed. */
  inspect?(reader: ArcReader, stayed: number): Promise<void>;
}

/** @param directions flat, of a length that moves weights by what is usual for them: they are also the steps by which w0 is left. */
export async function pairType(ops: TensorOps, reader: ArcReader, directions: readonly Float64Array[], { inspect }: PairOptions = {}): Promise<PairType> {
  const alone: ArcReading[] = [];
  for (const u of directions) alone.push(await reader.read(u));
  const all = await reader.read(total(directions));
  const doubt = [...alone, all].find((reading) => reading.doubt !== null)?.doubt;
  if (doubt) return { type: 'unknown', reason: `one of the orders was not read (${doubt})` };
  const finite = alone.flatMap(({ order }) => (order === null ? [] : [order]));
  if (finite.length === directions.length) {
    if (all.order === Math.min(...finite)) return { type: 'independent', orders: finite };
    return { type: 'unknown', reason: `directions of the orders ${finite.join(', ')} read ${all.order ?? 'flat'} together` };
  }
  if (finite.length > 0) return { type: 'unknown', reason: 'some of the directions are flat by themselves, and some are not' };
  if (all.order === null) return { type: 'flat' };
  const orders: number[] = [];
  for (const [i, u] of directions.entries()) {
    const there = await ArcReader.open(await ArcMap.open(ops, moved(reader.map, total(directions.filter((_, j) => j !== i)))));
    try {
      const { order, doubt: unread } = await there.read(u);
      if (order === null) return { type: 'unknown', reason: `a direction stays flat where the others have been left${unread ? ` (${unread})` : ''}` };
      orders.push(order);
      await inspect?.(there, i);
    } finally {
      there.dispose();
    }
  }
  const sum = orders.reduce((a, b) => a + b, 0);
  if (sum !== all.order) return { type: 'unknown', reason: `the orders ${orders.join(' and ')} do not add up to that of all together, ${all.order}` };
  return { type: 'crossing', orders, together: all.order };
}

function total(directions: readonly Float64Array[]): Float64Array {
  return directions[0]!.map((_, p) => directions.reduce((sum, u) => sum + u[p]!, 0));
}

/** The same outputs with the weights at w0 + step. */
function moved(map: ArcMap, step: Float64Array): OutputMap {
  const weights = new Map(
    [...map.map.weights].map(([name, { shape, values }]) => {
      const offset = map.offset(name);
      return [name, { shape, values: Float64Array.from(values, (w, k) => w + step[offset + k]!) }];
    }),
  );
  return { ...map.map, weights };
}
