/** The exact Gram on the CPU, by remainders in 16-bit arithmetic: the integers of the GPU's, or the pairs hi + lo that they amount to. */
import { Sha256 } from '../../base/sha256';
import type { PairMatrix, Vectors } from '../product-blocks';
import { powerFactors } from '../scaling';
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
import { PairReconstruction, pairWords } from './residue-pairs';
import { SIDE, TILE_WORDS, addResidueProducts, bandOf, fastestModuli, moduliFor, panelsOf, residueWords, sumWords, tilesAtOnce } from './residue-products';
import type { Band, IntegerVectors } from './residue-products';

type Matrix = Float32Array | Float64Array;

/** X^T X of x [rows, columns] as integers. Throws InputError `not-finite`. */
export function* integerGramSteps(x: Matrix, rows: number, columns: number): Steps<IntegerGram> {
  return yield* integerProducts(columnsOf(x, rows, columns));
}

/** X X^T of x [rows, columns] as integers; `fixed.rows` is the number of terms, `columns`. Throws InputError `not-finite`. */
export function* integerDualGramSteps(x: Matrix, rows: number, columns: number): Steps<IntegerGram> {
  return yield* integerProducts(rowsOf(x, rows, columns));
}

export function columnsOf(x: Matrix, rows: number, columns: number): Vectors {
  return { values: x, offset: 0, count: columns, length: rows, vectorStride: 1, componentStride: columns };
}

export function rowsOf(x: Matrix, rows: number, columns: number): Vectors {
  return { values: x, offset: 0, count: rows, length: columns, vectorStride: columns, componentStride: 1 };
}

/** Inner products of vectors. Long ones may come first in the panels: a tile of short ones needs fewer moduli. */
function* integerProducts(vectors: Vectors): Steps<IntegerGram> {
  const plan = yield* planned(vectors, true, true);
  const { fixed, words } = plan;
  const d = vectors.count;
  const limbs = new Uint32Array(((d * (d + 1)) / 2) * words);
  for (const range of upperTileRanges(panelsOf(d), tilesAtOnce(plan.moduli))) {
    const { band, room } = bandAt(plan, range);
    yield* inWorkspace(room, (work) => integersOfBand(plan, band, limbs, work));
  }
  return { dimension: d, fixed, words, limbs };
}

/** The same as pairs: entries (i, j) with i < `rows`, a multiple of 8 or all, and j >= i, to `out`. Throws InputError `not-finite`. */
export function* exactPairs(vectors: Vectors, rows: number, out: PairMatrix): Steps<void> {
  const plan = yield* planned(vectors, rows === vectors.count, false);
  for (const range of upperTileRanges(panelsOf(vectors.count), tilesAtOnce(plan.moduli), { first: 0, count: panelsOf(rows) })) {
    const { band, room } = bandAt(plan, range);
    yield* inWorkspace(room, (work) => pairsOfBand(plan, band, out, work));
  }
}

function* pairsOfBand(plan: Plan, band: Band, out: PairMatrix, work: Workspace): Steps<void> {
  const { integers, moduli } = plan;
  const sums = work.zeros(sumWords(band));
  yield* addResidueProducts(sums, integers, band, work);
  const most = (band.panels - band.first) * SIDE * SIDE;
  const reconstruction = new PairReconstruction(most, moduli, work);
  const moved = integers.order.some((vector, i) => vector !== i);
  const place = moved ? scatterPairs(plan, out) : layPairs(plan, out, most, work);
  for (const { i, j, run, tile, need } of tileRuns(band)) {
    const { hi, lo } = reconstruction.pairs(sums, tile * TILE_WORDS, band.tiles * SIDE * SIDE, run * SIDE * SIDE, need);
    place(hi, lo, i, j, run);
    yield;
  }
}

/** Takes the pairs of tiles (i, j), (i, j + 1), ..., one after the other. */
type PlacePairs = (hi: Float64Array, lo: Float64Array, i: number, j: number, run: number) => void;

/** Words of a workspace that `layPairs` needs for so many entries at a time. */
function layWords(entries: number, panels: number): number {
  return 2 * entries + 2 * panels * SIDE;
}

/** Of vectors in their order: row by row, times their units. */
function layPairs({ fixed: { units } }: Plan, { hi, lo, rowAt }: PairMatrix, entries: number, work: Workspace): PlacePairs {
  const vectors = panelsOf(units.length) * SIDE;
  const factors = work.zeros(2 * vectors);
  units.forEach((unit, i) => ([factors[i], factors[vectors + i]] = powerFactors(unit)));
  const rows = { hi: work.array(entries), lo: work.array(entries) };
  return (tilesHi, tilesLo, i, j, run) => {
    work.loops.placeTiles(tilesHi, tilesLo, run, factors, vectors, i * SIDE, j * SIDE, rows.hi, rows.lo);
    const width = run * SIDE;
    const end = Math.min(units.length, j * SIDE + width);
    for (let row = i * SIDE; row < Math.min(units.length, (i + 1) * SIDE); row++) {
      const column = Math.max(row, j * SIDE);
      const from = (row - i * SIDE) * width + column - j * SIDE;
      hi.set(rows.hi.subarray(from, from + end - column), rowAt(row) + column);
      lo.set(rows.lo.subarray(from, from + end - column), rowAt(row) + column);
    }
  };
}

/** Of vectors that were moved: to where they belong in the upper triangle, times their units. */
function scatterPairs({ integers: { order }, fixed: { units } }: Plan, { hi, lo, rowAt }: PairMatrix): PlacePairs {
  const factors = Array.from(units, powerFactors);
  const [outer, inner] = [Float64Array.from(factors, (f) => f[0]), Float64Array.from(factors, (f) => f[1])];
  return (tilesHi, tilesLo, i, j, run) => {
    for (let row = i * SIDE; row < Math.min(order.length, (i + 1) * SIDE); row++) {
      const one = order[row]!;
      const [f, g] = [outer[one]!, inner[one]!];
      for (let column = Math.max(row, j * SIDE); column < Math.min(order.length, (j + run) * SIDE); column++) {
        const other = order[column]!;
        const from = SIDE * SIDE * (((column / SIDE) | 0) - j) + SIDE * (row % SIDE) + (column % SIDE);
        const to = one < other ? rowAt(one) + other : rowAt(other) + one;
        hi[to] = tilesHi[from]! * f * outer[other]! * g * inner[other]!;
        lo[to] = tilesLo[from]! * f * outer[other]! * g * inner[other]!;
      }
    }
  };
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

/** Vectors are moved in the panels, and their products back, where that spares this part of the bits. */
const WORTH_SORTING = 1 / 8;

/**
 * @param sortable whether long vectors may come first in the panels; else all stay where they are
 * @param reduced whether sums must be remainders, as for integers, or anything that has them, as for pairs
 */
function* planned(vectors: Vectors, sortable: boolean, reduced: boolean): Steps<Plan> {
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
    words: wordsFor(gramBits(fixed)),
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

/** A band, and the words of a workspace that it needs. */
function bandAt({ integers, moduli, words, bitsOf }: Plan, range: TileRange): { band: Band; room: number } {
  const panels = panelsOf(integers.order.length);
  const band = bandOf(range, panels, moduli, bitsOf);
  const entries = (panels - band.first) * SIDE * SIDE;
  const reconstruction = Math.max(reconstructionWords(entries, moduli, words), pairWords(entries, moduli) + layWords(entries, panels));
  return { band, room: sumWords(band) + Math.max(residueWords(integers, band), reconstruction) };
}

/** @param limbs are given the integers of the band; entry `base` of the upper triangle is their first. */
function* integersOfBand({ integers, moduli, words }: Plan, band: Band, limbs: Uint32Array, work: Workspace, base = 0): Steps<void> {
  const sums = work.zeros(sumWords(band));
  yield* addResidueProducts(sums, integers, band, work);
  const reconstruction = new Reconstruction((band.panels - band.first) * SIDE * SIDE, moduli, words, work);
  for (const { i, j, run, tile, need } of tileRuns(band)) {
    const found = reconstruction.integers(sums, tile * TILE_WORDS, band.tiles * SIDE * SIDE, run * SIDE * SIDE, need);
    for (let t = 0; t < run; t++) placeTile(limbs, found, t * SIDE * SIDE * words, i, j + t, integers.order, words, base);
    yield;
  }
}

/** Entries of the upper triangle of [d, d] above row `row`. */
function entriesBefore(row: number, d: number): number {
  return row * d - (row * (row - 1)) / 2;
}

/** Memory for the sums of the bands of a triangle, in words: little beside what is made of them. */
const TRIANGLE_BAND = 2 ** 20;

/**
 * The inner products of finite vectors as the pairs of a triangle, band by band from the first row on. A vector is not read any more when
 * the rows up to its own are being written, so the triangle may grow into the memory of the vectors. `work` lends its free room, `free`
 * words, where that is enough. `tell` is told the part that is done. float32 numbers give the digest of `gramOfRows`, others null.
 */
export function* exactTriangle(vectors: Vectors, out: PairMatrix, work: Workspace, free: number, tell: (part: number) => void): Steps<string | null> {
  const plan = yield* planned(vectors, false, vectors.values instanceof Float32Array);
  const d = vectors.count;
  const ranges = [...upperTileRanges(panelsOf(d), tilesAtOnce(plan.moduli, TRIANGLE_BAND))];
  const maker = vectors.values instanceof Float32Array ? digestedBands(plan, ranges, out) : pairBands(plan, out);
  for (const range of ranges) {
    const { band, room } = bandAt(plan, range);
    const mark = work.mark();
    if (room <= free) yield* maker.make(band, work);
    else yield* inWorkspace(room, (own) => maker.make(band, own));
    work.reset(mark);
    tell(rowsBefore(range.first + range.count, d) / entriesBefore(d, d));
    yield;
  }
  return maker.digest();
}

/** Makes the pairs of bands, in order. */
interface BandMaker {
  make(band: Band, work: Workspace): Steps<void>;
  digest(): string | null;
}

function pairBands(plan: Plan, out: PairMatrix): BandMaker {
  return { make: (band, work) => pairsOfBand(plan, band, out, work), digest: () => null };
}

function digestedBands(plan: Plan, ranges: readonly TileRange[], out: PairMatrix): BandMaker {
  const { fixed, words, integers } = plan;
  const d = integers.order.length;
  const digest = new Sha256().update(headerBytes(fixed, words));
  const write = pairWriter(fixed, words, out);
  const most = ranges.reduce((entries, { first, count }) => Math.max(entries, rowsBefore(first + count, d) - rowsBefore(first, d)), 0);
  const memory = new Uint32Array(most * words);
  return {
    *make(band, work) {
      const [base, end] = [rowsBefore(band.first, d), rowsBefore(band.first + band.count, d)];
      const limbs = memory.subarray(0, (end - base) * words);
      yield* integersOfBand(plan, band, limbs, work, base);
      digest.update(new Uint8Array(limbs.buffer, 0, limbs.byteLength));
      write(limbs, band.first * SIDE, Math.min(d, (band.first + band.count) * SIDE));
    },
    digest: () => digest.hexadecimal(),
  };
}

/** Entries of the upper triangle of [d, d] above a panel of rows. */
function rowsBefore(panel: number, d: number): number {
  return entriesBefore(Math.min(d, panel * SIDE), d);
}

/** Runs of tiles (i, j), (i, j + 1), ... that need the same number of moduli; `tile` is the number of the first. */
function* tileRuns({ first, count, panels, needs }: Band): Iterable<{ i: number; j: number; run: number; tile: number; need: number }> {
  let tile = 0;
  for (let i = first; i < first + count; i++) {
    for (let j = i, run = 1; j < panels; j += run, tile += run, run = 1) {
      const need = needs[tile]!;
      while (j + run < panels && needs[tile + run] === need) run++;
      yield { i, j, run, tile, need };
    }
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
