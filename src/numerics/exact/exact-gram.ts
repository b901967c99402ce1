/** The exact Gram on the CPU, by remainders: the integers of the GPU's. */
import { columnsOf, rowsOf } from '../product-blocks';
import type { Vectors } from '../product-blocks';
import type { Steps } from '../stepwise';
import { upperTileRanges } from '../tile-ranges';
import { inWorkspace } from '../workspace';
import type { Workspace } from '../workspace';
import { gramBits } from './fixed-point';
import { bandAt, entriesAtOnce, planned, tileRuns } from './gram-plan';
import type { Plan } from './gram-plan';
import { wordsFor } from './integer-gram';
import type { IntegerGram } from './integer-gram';
import { Reconstruction, reconstructionWords } from './residue-integers';
import { SIDE, TILE_WORDS, addResidueProducts, panelsOf, sumWords, tilesAtOnce } from './residue-products';
import type { Band } from './residue-products';

type Matrix = Float32Array | Float64Array;

/** X^T X of x [rows, columns] as integers. Throws InputError `not-finite`. */
export function* integerGramSteps(x: Matrix, rows: number, columns: number): Steps<IntegerGram> {
  return yield* integerProducts(columnsOf(x, rows, columns));
}

/** X X^T of x [rows, columns] as integers; `fixed.rows` is the number of terms, `columns`. Throws InputError `not-finite`. */
export function* integerDualGramSteps(x: Matrix, rows: number, columns: number): Steps<IntegerGram> {
  return yield* integerProducts(rowsOf(x, rows, columns));
}

/** Inner products of vectors. Long ones may come first in the panels: a tile of short ones needs fewer moduli. */
function* integerProducts(vectors: Vectors): Steps<IntegerGram> {
  const plan = yield* planned(vectors, true, true);
  const { fixed } = plan;
  const words = wordsFor(gramBits(fixed));
  const d = vectors.count;
  const limbs = new Uint32Array(((d * (d + 1)) / 2) * words);
  for (const range of upperTileRanges(panelsOf(d), tilesAtOnce(plan.moduli))) {
    const { band, room } = bandAt(plan, range, integerRoom(plan, words));
    yield* inWorkspace(room, (work) => integersOfBand(plan, band, limbs, words, work));
  }
  return { dimension: d, fixed, words, limbs };
}

/** Words of a workspace that `integersOfBand` needs when the sums are there. */
export function integerRoom({ moduli }: Plan, words: number): (entries: number) => number {
  return (entries) => reconstructionWords(entries, moduli, words);
}

/** @param limbs are given the integers of the band, of so many 32-bit words; entry `base` of the upper triangle is their first. */
export function* integersOfBand({ integers, moduli }: Plan, band: Band, limbs: Uint32Array, words: number, work: Workspace, base = 0): Steps<void> {
  const sums = work.zeros(sumWords(band));
  yield* addResidueProducts(sums, integers, band, work);
  const reconstruction = new Reconstruction(entriesAtOnce(band), moduli, words, work);
  for (const { i, j, run, tile, need } of tileRuns(band)) {
    const found = reconstruction.integers(sums, tile * TILE_WORDS, band.tiles * SIDE * SIDE, run * SIDE * SIDE, need);
    for (let t = 0; t < run; t++) placeTile(limbs, found, t * SIDE * SIDE * words, i, j + t, integers.order, words, base);
    yield;
  }
}

/** Entries of the upper triangle of [d, d] above row `row`. */
export function entriesBefore(row: number, d: number): number {
  return row * d - (row * (row - 1)) / 2;
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
