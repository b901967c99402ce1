/** How the inner products of vectors are made by integers: in what units, in what order, modulo what, and in what bands of rows. */
import type { Vectors } from '../product-blocks';
import type { Steps } from '../stepwise';
import type { TileRange } from '../tile-ranges';
import { fixedPoint, lengthBits, vectorSpans } from './fixed-point';
import type { FixedPoint } from './fixed-point';
import { SIDE, bandOf, fastestModuli, moduliFor, panelsOf, residueWords, sumWords } from './residue-products';
import type { Band, IntegerVectors } from './residue-products';

/** Known once all vectors were looked at. */
export interface Plan {
  readonly integers: IntegerVectors;
  readonly fixed: FixedPoint;
  readonly moduli: readonly number[];
  /** Bits of the magnitude of integers in tile (i, j), falling with j. */
  bitsOf(i: number, j: number): number;
}

/** Vectors are moved in the panels, and their products back, where that spares this part of the bits. */
const WORTH_SORTING = 1 / 8;

/**
 * @param sortable whether long vectors may come first in the panels; else all stay where they are
 * @param reduced whether sums must be remainders, as for integers, or anything that has them, as for pairs
 */
export function* planned(vectors: Vectors, sortable: boolean, reduced: boolean): Steps<Plan> {
  const spans = yield* vectorSpans(vectors);
  const fixed = fixedPoint(spans, vectors.length);
  const lengths = lengthBits(spans, fixed);
  const asTheyAre = Int32Array.from(lengths.keys());
  let [order, { longest, onwards, sum }] = [asTheyAre, panelLengths(asTheyAre, lengths)];
  if (sortable) {
    const sorted = asTheyAre.slice().sort((i, j) => lengths[j]! - lengths[i]!);
    const found = panelLengths(sorted, lengths);
    if (found.sum < (1 - WORTH_SORTING) * sum) [order, { longest, onwards, sum }] = [sorted, found];
  }
  const bits = spans.end.map((end, j) => Math.max(0, end - fixed.units[j]!));
  const most = onwards.length > 0 ? 2 * onwards[0]! : 0;
  return {
    integers: { vectors, units: fixed.units, bits, order },
    fixed,
    moduli: reduced ? moduliFor(most) : fastestModuli(most, vectors.length),
    bitsOf: (i, j) => longest[i]! + onwards[j]!,
  };
}

/** The greatest log2 of a length in each panel, in it and those after it, and the sum over all tiles of what `bitsOf` is. */
function panelLengths(order: Int32Array, lengths: Float64Array): { longest: Float64Array; onwards: Float64Array; sum: number } {
  const longest = new Float64Array(panelsOf(order.length));
  order.forEach((vector, i) => (longest[(i / SIDE) | 0] = Math.max(longest[(i / SIDE) | 0]!, lengths[vector]!)));
  const onwards = longest.slice();
  let [sum, below] = [0, 0];
  for (let i = longest.length - 1; i >= 0; i--) {
    if (i + 1 < longest.length) onwards[i] = Math.max(onwards[i]!, onwards[i + 1]!);
    below += onwards[i]!;
    sum += (longest.length - i) * longest[i]! + below;
  }
  return { longest, onwards, sum };
}

/** A band, and the words of a workspace that it needs; `after` is what is needed of so many entries when the sums are there. */
export function bandAt({ integers, moduli, bitsOf }: Plan, range: TileRange, after: (entries: number) => number): { band: Band; room: number } {
  const panels = panelsOf(integers.order.length);
  const band = bandOf(range, panels, moduli, bitsOf);
  return { band, room: sumWords(band) + Math.max(residueWords(integers, band), after(entriesAtOnce(band))) };
}

/** Entries of the longest row of tiles. */
export function entriesAtOnce({ panels, first }: Band): number {
  return (panels - first) * SIDE * SIDE;
}

/** Runs of tiles (i, j), (i, j + 1), ... that need the same number of moduli; `tile` is the number of the first. */
export function* tileRuns({ first, count, panels, needs }: Band): Iterable<{ i: number; j: number; run: number; tile: number; need: number }> {
  let tile = 0;
  for (let i = first; i < first + count; i++) {
    for (let j = i, run = 1; j < panels; j += run, tile += run, run = 1) {
      const need = needs[tile]!;
      while (j + run < panels && needs[tile + run] === need) run++;
      yield { i, j, run, tile, need };
    }
  }
}
