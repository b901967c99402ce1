/** Inner products of vectors as the pairs of a triangle that may grow into the memory of the vectors. */
import { Sha256 } from '../../base/sha256';
import type { PairMatrix, Vectors } from '../product-blocks';
import type { Steps } from '../stepwise';
import { upperTileRanges } from '../tile-ranges';
import type { TileRange } from '../tile-ranges';
import { inWorkspace } from '../workspace';
import type { Workspace } from '../workspace';
import { entriesBefore, integerRoom, integersOfBand } from './exact-gram';
import { pairRoom, pairsOfBand } from './exact-pairs';
import { gramBits } from './fixed-point';
import { bandAt, planned } from './gram-plan';
import type { Plan } from './gram-plan';
import { headerBytes, pairWriter, wordsFor } from './integer-gram';
import { SIDE, panelsOf, tilesAtOnce } from './residue-products';
import type { Band } from './residue-products';

/** Memory for the sums of the bands of a triangle, in words: little beside what is made of them. */
const TRIANGLE_BAND = 2 ** 20;

/**
 * The inner products of finite vectors as the pairs of a triangle, band by band from the first row on. A vector is not read any more when
 * the rows up to its own are being written, so the triangle may grow into the memory of the vectors. `work` lends its free room, `free`
 * words, where that is enough. `tell` is told the part that is done. float32 numbers give the digest of `gramOfRows`, others null.
 */
export function* exactTriangle(vectors: Vectors, out: PairMatrix, work: Workspace, free: number, tell: (part: number) => void): Steps<string | null> {
  const digested = vectors.values instanceof Float32Array;
  const plan = yield* planned(vectors, false, digested);
  const d = vectors.count;
  const ranges = [...upperTileRanges(panelsOf(d), tilesAtOnce(plan.moduli, TRIANGLE_BAND))];
  const maker = digested ? digestedBands(plan, ranges, out) : pairBands(plan, out);
  for (const range of ranges) {
    const { band, room } = bandAt(plan, range, maker.room);
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
  /** Words of a workspace that it needs for so many entries when the sums are there. */
  room(entries: number): number;
  make(band: Band, work: Workspace): Steps<void>;
  digest(): string | null;
}

function pairBands(plan: Plan, out: PairMatrix): BandMaker {
  return { room: pairRoom(plan), make: (band, work) => pairsOfBand(plan, band, out, work), digest: () => null };
}

function digestedBands(plan: Plan, ranges: readonly TileRange[], out: PairMatrix): BandMaker {
  const { fixed, integers } = plan;
  const words = wordsFor(gramBits(fixed));
  const d = integers.order.length;
  const digest = new Sha256().update(headerBytes(fixed, words));
  const write = pairWriter(fixed, words, out);
  const most = ranges.reduce((entries, { first, count }) => Math.max(entries, rowsBefore(first + count, d) - rowsBefore(first, d)), 0);
  const memory = new Uint32Array(most * words);
  return {
    room: integerRoom(plan, words),
    *make(band, work) {
      const [base, end] = [rowsBefore(band.first, d), rowsBefore(band.first + band.count, d)];
      const limbs = memory.subarray(0, (end - base) * words);
      yield* integersOfBand(plan, band, limbs, words, work, base);
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
