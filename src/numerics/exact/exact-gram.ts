/** The exact Gram on the CPU: the integers of the GPU's, by remainders in 16-bit arithmetic. */
import { Sha256 } from '../../base/sha256';
import { assertFinite } from '../finite';
import type { PairMatrix, Vectors } from '../product-blocks';
import type { Steps } from '../stepwise';
import { upperTileRanges } from '../tile-ranges';
import type { TileRange } from '../tile-ranges';
import { inWorkspace } from '../workspace';
import type { Workspace } from '../workspace';
import { fixedPoint, gramBits, lengthBits, vectorSpans } from './fixed-point';
import type { FixedPoint } from './fixed-point';
import { headerBytes, pairWriter, wordsFor } from './integer-gram';
import type { IntegerGram } from './integer-gram';
import { Reconstruction, reconstructionWords } from './residue-integers';
import { SIDE, TILE_WORDS, addResidueProducts, bandOf, moduliFor, panelsOf, residueWords, sumWords, tilesAtOnce } from './residue-products';
import type { Band, IntegerVectors } from './residue-products';

type Matrix = Float32Array | Float64Array;

/** X^T X of x [rows, columns] as integers. Throws InputError `not-finite`. */
export function* integerGramSteps(x: Matrix, rows: number, columns: number): Steps<IntegerGram> {
  assertFinite(x, rows, columns);
  return yield* integerProducts({ values: x, offset: 0, count: columns, length: rows, vectorStride: 1, componentStride: columns });
}

/** X X^T of x [rows, columns] as integers; `fixed.rows` is the number of terms, `columns`. Throws InputError `not-finite`. */
export function* integerDualGramSteps(x: Matrix, rows: number, columns: number): Steps<IntegerGram> {
  assertFinite(x, rows, columns);
  return yield* integerProducts({ values: x, offset: 0, count: rows, length: columns, vectorStride: columns, componentStride: 1 });
}

/** Inner products of finite vectors. Long ones come first in the panels: a tile of short ones needs fewer moduli. */
function* integerProducts(vectors: Vectors): Steps<IntegerGram> {
  const plan = yield* planned(vectors, true);
  const { fixed, words } = plan;
  const d = vectors.count;
  const limbs = new Uint32Array(((d * (d + 1)) / 2) * words);
  for (const range of upperTileRanges(panelsOf(d), tilesAtOnce(plan.moduli))) {
    const { band, room } = bandAt(plan, range);
    yield* inWorkspace(room, (work) => integersOfBand(plan, band, limbs, work));
  }
  return { dimension: d, fixed, words, limbs };
}

/** How inner products are made integers, known once all vectors were looked at. */
interface Plan {
  readonly integers: IntegerVectors;
  readonly fixed: FixedPoint;
  readonly moduli: readonly number[];
  /** 32-bit words of an integer. */
  readonly words: number;
  /** Bits of the magnitude of integers in tile (i, j), falling with j. */
  bitsOf(i: number, j: number): number;
}

/** @param sorted whether long vectors come first in the panels; else all stay where they are. */
function* planned(vectors: Vectors, sorted: boolean): Steps<Plan> {
  const spans = yield* vectorSpans(vectors);
  const fixed = fixedPoint(spans, vectors.length);
  const lengths = lengthBits(spans, fixed);
  const order = Int32Array.from(lengths.keys());
  if (sorted) order.sort((i, j) => lengths[j]! - lengths[i]!);
  const bits = spans.end.map((end, j) => Math.max(0, end - fixed.units[j]!));
  const panels = panelsOf(vectors.count);
  const longest = new Float64Array(panels);
  order.forEach((vector, i) => (longest[(i / SIDE) | 0] = Math.max(longest[(i / SIDE) | 0]!, lengths[vector]!)));
  const onwards = longest.slice();
  for (let i = panels - 2; i >= 0; i--) onwards[i] = Math.max(onwards[i]!, onwards[i + 1]!);
  return {
    integers: { vectors, units: fixed.units, bits, order },
    fixed,
    moduli: moduliFor(panels > 0 ? 2 * onwards[0]! : 0),
    words: wordsFor(gramBits(fixed)),
    bitsOf: (i, j) => longest[i]! + onwards[j]!,
  };
}

/** A band, and the words of a workspace that it needs. */
function bandAt({ integers, moduli, words, bitsOf }: Plan, range: TileRange): { band: Band; room: number } {
  const panels = panelsOf(integers.order.length);
  const band = bandOf(range, panels, moduli, bitsOf);
  const entries = (panels - band.first) * SIDE * SIDE;
  return { band, room: sumWords(band) + Math.max(residueWords(integers, band), reconstructionWords(entries, moduli, words)) };
}

/** @param limbs are given the integers of the band; entry `base` of the upper triangle is their first. */
function* integersOfBand({ integers, moduli, words }: Plan, band: Band, limbs: Uint32Array, work: Workspace, base = 0): Steps<void> {
  const sums = work.zeros(sumWords(band));
  yield* addResidueProducts(sums, integers, band, work);
  const entries = (band.panels - band.first) * SIDE * SIDE;
  yield* placeIntegers(limbs, sums, band, integers.order, words, new Reconstruction(entries, moduli, words, work), base);
}

/** Entries of the upper triangle of [d, d] above row `row`. */
function entriesBefore(row: number, d: number): number {
  return row * d - (row * (row - 1)) / 2;
}

/** Memory for the sums of the bands of a triangle, in words: little beside what is made of them. */
const TRIANGLE_BAND = 2 ** 20;

/**
 * The inner products of finite vectors as the pairs of a triangle, band by band from the first row on, and the digest: the same as those of `gramOfRows`.
 * A vector is not read any more when the rows up to its own are being written, so the triangle may grow into the memory of the vectors. `work`
 * lends its free room, `free` words, where that is enough. `tell` is told the part that is done.
 */
export function* exactTriangle(vectors: Vectors, out: PairMatrix, work: Workspace, free: number, tell: (part: number) => void): Steps<string> {
  const plan = yield* planned(vectors, false);
  const d = vectors.count;
  const digest = new Sha256().update(headerBytes(plan.fixed, plan.words));
  const write = pairWriter(plan.fixed, plan.words, out);
  const before = (panel: number) => entriesBefore(Math.min(d, panel * SIDE), d);
  const ranges = [...upperTileRanges(panelsOf(d), tilesAtOnce(plan.moduli, TRIANGLE_BAND))];
  const most = ranges.reduce((entries, { first, count }) => Math.max(entries, before(first + count) - before(first)), 0);
  const memory = new Uint32Array(most * plan.words);
  for (const range of ranges) {
    const { band, room } = bandAt(plan, range);
    const [base, end] = [before(range.first), before(range.first + range.count)];
    const limbs = memory.subarray(0, (end - base) * plan.words);
    const mark = work.mark();
    if (room <= free) yield* integersOfBand(plan, band, limbs, work, base);
    else yield* inWorkspace(room, (own) => integersOfBand(plan, band, limbs, own, base));
    work.reset(mark);
    digest.update(new Uint8Array(limbs.buffer, 0, limbs.byteLength));
    write(limbs, range.first * SIDE, Math.min(d, (range.first + range.count) * SIDE));
    tell(end / entriesBefore(d, d));
    yield;
  }
  return digest.hexadecimal();
}

/** Integers of a band, to where they belong in the upper triangle. Pauses after each row of tiles. */
function* placeIntegers(
  limbs: Uint32Array,
  sums: Float64Array,
  { first, count, panels, tiles, needs }: Band,
  order: Int32Array,
  words: number,
  reconstruction: Reconstruction,
  base: number,
): Steps<void> {
  let tile = 0;
  for (let i = first; i < first + count; i++) {
    for (let j = i; j < panels; ) {
      const need = needs[tile]!;
      let run = 1;
      while (j + run < panels && needs[tile + run] === need) run++;
      const integers = reconstruction.integers(sums, tile * TILE_WORDS, tiles * SIDE * SIDE, run * SIDE * SIDE, need);
      for (let t = 0; t < run; t++) placeTile(limbs, integers, t * SIDE * SIDE * words, i, j + t, order, words, base);
      j += run;
      tile += run;
    }
    yield;
  }
}

function placeTile(limbs: Uint32Array, integers: Uint32Array, at: number, i: number, j: number, order: Int32Array, words: number, base: number): void {
  const d = order.length;
  for (let row = i * SIDE; row < Math.min(d, (i + 1) * SIDE); row++) {
    const one = order[row]!;
    for (let column = Math.max(row, j * SIDE); column < Math.min(d, (j + 1) * SIDE); column++) {
      const other = order[column]!;
      const upper = Math.min(one, other);
      const to = (entriesBefore(upper, d) + Math.max(one, other) - upper - base) * words;
      const from = at + ((row - i * SIDE) * SIDE + column - j * SIDE) * words;
      for (let word = 0; word < words; word++) limbs[to + word] = integers[from + word]!;
    }
  }
}
