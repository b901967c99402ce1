/** What names a direction: what found it, where, and which of those it is. The vector itself is found again when it is wanted. */
import { z } from 'zod';
import { InputError } from '../base/errors';

export const DirectionId = z.object({
  detector: z.string().max(64),
  layer: z.string().max(100_100),
  /** Among those of this detector in this layer, from 0. */
  index: z.int().min(0).max(100_000),
  /** What the detector says of it; null where the name came without. */
  note: z.string().max(4000).nullable(),
});

export type DirectionId = z.infer<typeof DirectionId>;

type Found = Pick<DirectionId, 'detector' | 'layer'> & { readonly note?: string | null };

/** Of the direction at a place of a list. */
export function directionId(directions: readonly Found[], at: number): DirectionId {
  const { detector, layer, note = null } = directions[at]!;
  const index = directions.slice(0, at).filter((d) => d.detector === detector && d.layer === layer).length;
  return { detector, layer, index, note };
}

/** The place that an id names. Throws InputError where there is none, or where something else stands there now. */
export function placeOfDirection(directions: readonly Found[], id: DirectionId): number {
  const same = directions.flatMap((d, at) => (d.detector === id.detector && d.layer === id.layer ? [at] : []));
  const at = same[id.index];
  if (at === undefined || (id.note !== null && (directions[at]!.note ?? null) !== id.note)) {
    const found = same.length === 0 ? 'none of that kind is found' : at === undefined ? `${same.length} of that kind ${same.length === 1 ? 'is' : 'are'} found` : `'${directions[at]!.note ?? ''}' is found in its place`;
    throw new InputError('direction', `There is no direction ${directionWord(id)} on this probe: ${found}. Read the directions again with these settings and choose one of them.`);
  }
  return at;
}

/** 'dead-unit@layers.0#1': counted from 1, as people do. */
export function directionWord({ detector, layer, index }: DirectionId): string {
  return `${detector}@${layer}#${index + 1}`;
}

/** Null for what is no such word. */
export function readDirectionWord(word: string): DirectionId | null {
  const [, detector, layer, number] = /^([a-z-]{1,64})@(.{1,1000})#([1-9]\d{0,4})$/.exec(word) ?? [];
  return detector === undefined ? null : { detector, layer: layer!, index: Number(number) - 1, note: null };
}
