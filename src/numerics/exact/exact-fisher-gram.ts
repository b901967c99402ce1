/**
 * The exact Fisher-Gram on the CPU: K_ij = sum_{t,s} (a_it . a_js)(delta_it . delta_js) as integers, the same as the GPU's. Remainders of
 * both inner products are multiplied and summed over positions.
 */
import type { Vectors } from '../product-blocks';
import { assertFinite } from '../finite';
import type { Steps } from '../stepwise';
import { upperTileRanges } from '../tile-ranges';
import { inWorkspace } from '../workspace';
import { fisherBits, fisherFactor, gradientPoint } from './fisher-units';
import type { FisherFactor, FisherShape } from './fisher-units';
import { lengthBits, vectorSpans } from './fixed-point';
import { wordsFor } from './integer-gram';
import type { IntegerGram } from './integer-gram';
import { Reconstruction, reconstructionWords } from './residue-integers';
import { SIDE, addResidueProducts, bandOf, moduliFor, panelsOf, residueWords, sumWords, tilesAtOnce } from './residue-products';
import type { Band, IntegerVectors } from './residue-products';

type Matrix = Float32Array | Float64Array;

/** Entries of K that are reconstructed at a time. */
const ENTRIES = 2 ** 14;

/** K [samples, samples] of a [samples * positions, p] and delta [samples * positions, q]. Throws InputError `not-finite`. */
export function* integerFisherGramSteps(a: Matrix, delta: Matrix, shape: FisherShape): Steps<IntegerGram> {
  const { samples, positions, p, q } = shape;
  assertFinite(a, samples * positions, p);
  assertFinite(delta, samples * positions, q);
  const left = yield* factorSteps(a, p, shape);
  const right = yield* factorSteps(delta, q, shape);
  const fixed = gradientPoint(left.fixed, right.fixed, shape);
  const words = wordsFor(fisherBits(fixed, shape));
  // |g_i| is at most the product of the Frobenius norms of its factors.
  const moduli = moduliFor(left.lengths.reduce((most, length, i) => Math.max(most, 2 * (length + right.lengths[i]!)), 0));
  const entries = (samples * (samples + 1)) / 2;
  const stride = Math.ceil(entries / 4) * 4;
  const totals = moduli.map(() => new Int32Array(stride));
  const panels = panelsOf(samples * positions);
  for (const range of upperTileRanges(panels, tilesAtOnce(moduli) / 2)) {
    const band = bandOf(range, panels, moduli, () => Infinity);
    const own = Math.max(residueWords(left.integers, band), residueWords(right.integers, band));
    yield* inWorkspace(2 * sumWords(band) + own, function* (work) {
      const [A, D] = [work.zeros(sumWords(band)), work.zeros(sumWords(band))];
      yield* addResidueProducts(A, left.integers, band, work);
      yield* addResidueProducts(D, right.integers, band, work);
      yield* addBlocks(totals, A, D, band, shape);
    });
  }
  const limbs = new Uint32Array(entries * words);
  yield* inWorkspace((ENTRIES * moduli.length) / 2 + reconstructionWords(ENTRIES, moduli, words), function* (work) {
    const sums = work.array((ENTRIES * moduli.length) / 2);
    const rows = new Int32Array(sums.buffer, sums.byteOffset, ENTRIES * moduli.length);
    const reconstruction = new Reconstruction(ENTRIES, moduli, words, work);
    for (let first = 0; first < entries; first += ENTRIES) {
      totals.forEach((total, k) => rows.set(total.subarray(first, first + ENTRIES), k * ENTRIES));
      const count = Math.min(ENTRIES, entries - first);
      const integers = reconstruction.integers(sums, 0, ENTRIES, Math.ceil(count / 4) * 4, moduli.length);
      limbs.set(integers.subarray(0, count * words), first * words);
      yield;
    }
  });
  return { dimension: samples, fixed, words, limbs };
}

interface Factor extends FisherFactor {
  /** The positions. */
  readonly integers: IntegerVectors;
  /** log2 of the Frobenius norms of the samples, in units. */
  readonly lengths: Float64Array;
}

function* factorSteps(values: Matrix, width: number, { samples, positions }: FisherShape): Steps<Factor> {
  const rows = (count: number, length: number): Vectors => ({ values, offset: 0, count, length, vectorStride: length, componentStride: 1 });
  const spans = yield* vectorSpans(rows(samples, positions * width));
  const factor = fisherFactor(spans, positions, width);
  const order = Int32Array.from({ length: samples * positions }, (_, t) => t);
  const integers = { vectors: rows(samples * positions, width), units: factor.units, bits: order.map(() => factor.fixed.bits), order };
  return { ...factor, integers, lengths: lengthBits(spans, factor.fixed) };
}

/** totals[k] += sums over the positions of pairs of samples of A o D, modulo m_k; of a block on the diagonal the upper half, doubled. */
function* addBlocks(totals: readonly Int32Array[], A: Float64Array, D: Float64Array, band: Band, { samples, positions }: FisherShape): Steps<void> {
  const count = samples * positions;
  const [a, d] = [A, D].map((sums) => new Int32Array(sums.buffer, sums.byteOffset, 2 * sums.length)) as [Int32Array, Int32Array];
  let tileRow = 0;
  for (let panel = band.first; panel < band.first + band.count; panel++) {
    for (let k = 0; k < totals.length; k++) {
      const m = band.moduli[k]!;
      const total = totals[k]!;
      for (let t = panel * SIDE; t < Math.min(count, (panel + 1) * SIDE); t++) {
        const i = Math.floor(t / positions);
        const start = ((k * band.tiles + tileRow - panel) * SIDE + (t % SIDE)) * SIDE;
        const entry = i * samples - (i * (i + 1)) / 2;
        for (let j = i; j < samples; j++) {
          let sum = total[entry + j]!;
          for (let s = Math.max(t, j * positions); s < (j + 1) * positions; s++) {
            const at = start + ((s / SIDE) | 0) * SIDE * SIDE + (s % SIDE);
            const product = a[at]! * d[at]!;
            sum += i === j && s > t ? 2 * product : product;
          }
          total[entry + j] = sum - Math.round(sum / m) * m;
        }
      }
      yield;
    }
    tileRow += band.panels - panel;
  }
}
