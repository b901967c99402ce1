/** The exact Gram on the CPU: the integers of the GPU's, by remainders in 16-bit arithmetic. */
import type { Vectors } from '../product-blocks';
import { assertFinite } from '../finite';
import type { Steps } from '../stepwise';
import { upperTileRanges } from '../tile-ranges';
import { inWorkspace } from '../workspace';
import { fixedPoint, gramBits, lengthBits, vectorSpans } from './fixed-point';
import { wordsFor } from './integer-gram';
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
  const spans = yield* vectorSpans(vectors);
  const fixed = fixedPoint(spans, vectors.length);
  const lengths = lengthBits(spans, fixed);
  const order = Int32Array.from(lengths.keys()).sort((i, j) => lengths[j]! - lengths[i]!);
  const bits = spans.end.map((end, j) => Math.max(0, end - fixed.units[j]!));
  const integers: IntegerVectors = { vectors, units: fixed.units, bits, order };
  const longest = (panel: number) => lengths[order[panel * SIDE]!]!;
  const moduli = moduliFor(vectors.count > 0 ? 2 * longest(0) : 0);
  const words = wordsFor(gramBits(fixed));
  const d = vectors.count;
  const panels = panelsOf(d);
  const limbs = new Uint32Array(((d * (d + 1)) / 2) * words);
  for (const range of upperTileRanges(panels, tilesAtOnce(moduli))) {
    const band = bandOf(range, panels, moduli, (i, j) => longest(i) + longest(j));
    const entries = (panels - band.first) * SIDE * SIDE;
    const own = Math.max(residueWords(integers, band), reconstructionWords(entries, moduli, words));
    yield* inWorkspace(sumWords(band) + own, function* (work) {
      const sums = work.zeros(sumWords(band));
      yield* addResidueProducts(sums, integers, band, work);
      yield* placeIntegers(limbs, sums, band, order, words, new Reconstruction(entries, moduli, words, work));
    });
  }
  return { dimension: d, fixed, words, limbs };
}

/** Integers of a band, to where they belong in the upper triangle. Pauses after each row of tiles. */
function* placeIntegers(
  limbs: Uint32Array,
  sums: Float64Array,
  { first, count, panels, tiles, needs }: Band,
  order: Int32Array,
  words: number,
  reconstruction: Reconstruction,
): Steps<void> {
  let tile = 0;
  for (let i = first; i < first + count; i++) {
    for (let j = i; j < panels; ) {
      const need = needs[tile]!;
      let run = 1;
      while (j + run < panels && needs[tile + run] === need) run++;
      const integers = reconstruction.integers(sums, tile * TILE_WORDS, tiles * SIDE * SIDE, run * SIDE * SIDE, need);
      for (let t = 0; t < run; t++) placeTile(limbs, integers, t * SIDE * SIDE * words, i, j + t, order, words);
      j += run;
      tile += run;
    }
    yield;
  }
}

function placeTile(limbs: Uint32Array, integers: Uint32Array, at: number, i: number, j: number, order: Int32Array, words: number): void {
  const d = order.length;
  for (let row = i * SIDE; row < Math.min(d, (i + 1) * SIDE); row++) {
    const one = order[row]!;
    for (let column = Math.max(row, j * SIDE); column < Math.min(d, (j + 1) * SIDE); column++) {
      const other = order[column]!;
      const upper = Math.min(one, other);
      const to = (upper * d - (upper * (upper - 1)) / 2 + Math.max(one, other) - upper) * words;
      const from = at + ((row - i * SIDE) * SIDE + column - j * SIDE) * words;
      for (let word = 0; word < words; word++) limbs[to + word] = integers[from + word]!;
    }
  }
}
