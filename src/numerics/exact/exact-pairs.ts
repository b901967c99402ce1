/** Inner products of vectors as pairs hi + lo, straight from the remainders of the integers that they are. */
import type { PairMatrix, Vectors } from '../product-blocks';
import { powerFactors } from '../scaling';
import type { Steps } from '../stepwise';
import { upperTileRanges } from '../tile-ranges';
import { inWorkspace } from '../workspace';
import type { Workspace } from '../workspace';
import { bandAt, entriesAtOnce, planned, tileRuns } from './gram-plan';
import type { Plan } from './gram-plan';
import { PairReconstruction, pairWords } from './residue-pairs';
import { SIDE, TILE_WORDS, addResidueProducts, panelsOf, sumWords, tilesAtOnce } from './residue-products';
import type { Band } from './residue-products';

/** Entries (i, j) with i < `rows`, a multiple of 8 or all, and j >= i, to `out`. Throws InputError `not-finite`. */
export function* exactPairs(vectors: Vectors, rows: number, out: PairMatrix): Steps<void> {
  const plan = yield* planned(vectors, rows === vectors.count, false);
  for (const range of upperTileRanges(panelsOf(vectors.count), tilesAtOnce(plan.moduli), { first: 0, count: panelsOf(rows) })) {
    const { band, room } = bandAt(plan, range, pairRoom(plan));
    yield* inWorkspace(room, (work) => pairsOfBand(plan, band, out, work));
  }
}

/** Words of a workspace that `pairsOfBand` needs when the sums are there. */
export function pairRoom({ moduli, fixed }: Plan): (entries: number) => number {
  return (entries) => pairWords(entries, moduli) + 2 * entries + 2 * SIDE * panelsOf(fixed.units.length);
}

export function* pairsOfBand(plan: Plan, band: Band, out: PairMatrix, work: Workspace): Steps<void> {
  const { integers, moduli } = plan;
  const sums = work.zeros(sumWords(band));
  yield* addResidueProducts(sums, integers, band, work);
  const most = entriesAtOnce(band);
  const reconstruction = new PairReconstruction(most, moduli, work);
  const moved = integers.order.some((vector, i) => vector !== i);
  const factors = unitFactors(plan, work);
  const place = moved ? scatterPairs(integers.order, factors, out) : layPairs(integers.order.length, factors, out, most, work);
  for (const { i, j, run, tile, need } of tileRuns(band)) {
    const { hi, lo } = reconstruction.pairs(sums, tile * TILE_WORDS, band.tiles * SIDE * SIDE, run * SIDE * SIDE, need);
    place(hi, lo, i, j, run);
    yield;
  }
}

/** Takes the pairs of tiles (i, j), (i, j + 1), ..., one after the other. */
type PlacePairs = (hi: Float64Array, lo: Float64Array, i: number, j: number, run: number) => void;

/** 2^unit of each vector as two factors, all the first and then all the second: what HotLoops.placeTiles reads. */
function unitFactors({ fixed: { units } }: Plan, work: Workspace): Float64Array {
  const vectors = panelsOf(units.length) * SIDE;
  const factors = work.zeros(2 * vectors);
  units.forEach((unit, i) => ([factors[i], factors[vectors + i]] = powerFactors(unit)));
  return factors;
}

/** Of `n` vectors in their order: row by row, times their units. */
function layPairs(n: number, factors: Float64Array, { hi, lo, rowAt }: PairMatrix, entries: number, work: Workspace): PlacePairs {
  const rows = { hi: work.array(entries), lo: work.array(entries) };
  return (tilesHi, tilesLo, i, j, run) => {
    work.loops.placeTiles(tilesHi, tilesLo, run, factors, factors.length / 2, i * SIDE, j * SIDE, rows.hi, rows.lo);
    const width = run * SIDE;
    const end = Math.min(n, j * SIDE + width);
    for (let row = i * SIDE; row < Math.min(n, (i + 1) * SIDE); row++) {
      const column = Math.max(row, j * SIDE);
      const from = (row - i * SIDE) * width + column - j * SIDE;
      hi.set(rows.hi.subarray(from, from + end - column), rowAt(row) + column);
      lo.set(rows.lo.subarray(from, from + end - column), rowAt(row) + column);
    }
  };
}

/** Of vectors that were moved: to where they belong in the upper triangle, times their units. */
function scatterPairs(order: Int32Array, factors: Float64Array, { hi, lo, rowAt }: PairMatrix): PlacePairs {
  const [outer, inner] = [factors.subarray(0, factors.length / 2), factors.subarray(factors.length / 2)];
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
