import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { ArcMap } from '../../src/direction/arc-map';
import type { NamedVector } from '../../src/direction/output-map';
import { spanOf, spanOfMany } from '../../src/direction/span';
import { cpuOps } from '../../src/numerics/cpu/ops';
import { planted, together } from './networks';

const random = new Random(8);
const network = planted('relu', [4, 6, 5, 3], 20);
const map = await ArcMap.open(cpuOps(), network);
/** Rescalings, and pairs of them that depend on each other. */
const generators: NamedVector[] = [1, 2, 3, 4].flatMap((i) => [network.rescaling(i), together(network.rescaling(i), network.rescaling(1 + (i % 4)))]);

describe('the span of generators', () => {
  // A count makes the choice between factorisation and products.
  it.each([['a factorisation', 8], ['products', 6000]] as const)('by %s: holds their combinations and nothing else', async (_, count) => {
    const span = spanOfMany(map, generators, count)!;
    const inside = new Float64Array(map.dimension);
    for (const g of generators) {
      const factor = random.normal();
      map.flat(g).forEach((x, p) => (inside[p]! += factor * x));
    }
    expect(await span.contains(inside)).toBe(true);
    const size = Math.hypot(...inside);
    const off = (by: number) => inside.map((x) => x + (by * size * random.normal()) / Math.sqrt(map.dimension));
    expect(await span.contains(off(1e-8))).toBe(true);
    expect(await span.contains(off(1e-3))).toBe(false);
    expect(await span.contains(random.normals(map.dimension))).toBe(false);
  });

  it('of none, or of zero vectors, is none; of too many nothing is decided', async () => {
    expect(spanOf([])).toBeNull();
    expect(spanOf([new Float64Array(3)])).toBeNull();
    expect(spanOfMany(map, [], 6000)).toBeNull();
    expect(await spanOfMany(map, generators, 1e9)!.contains(random.normals(map.dimension))).toBeNull();
  });
});
