/**
 * Floor honesty on 1,000 seeded matrices, each through the route of the product and against singular values that share nothing with
 * it: whatever is above the floor is right to the digits that were asked for, whatever is right to be above it is there, and nothing
 * that is zero ever is.
 */
import { describe, expect, it } from 'vitest';
import { solveSpectrum } from '../../src/analysis/spectra';
import { Random } from '../../src/base/random';
import { dualGramOfRows, gramOfRows } from '../../src/numerics/cpu/gram';
import { inlineSolver } from '../../src/numerics/solver';
import type { Gram } from '../../src/numerics/types';
import { exactSingularValues } from '../oracle/exact-svd';
import { storedMatrix, type StoredMatrix } from '../oracle/tap-matrices';

const COUNT = 1000;

/**
 * Taps carry the roundoff of their type, and their truth is what they were before; weights are exact as stored; of a recorded Gram the
 * entries are rounded.
 */
const ROLES = ['activation', 'weight', 'parameter'] as const;
type Role = (typeof ROLES)[number];

/** Eigenvalues in truth, descending, [columns] of them. */
function truthOf({ stored, ideal, rows, columns }: StoredMatrix, role: Role, divisor: number): Float64Array {
  const matrix = role === 'activation' ? ideal : { rows, columns, hi: Float64Array.from(stored), lo: new Float64Array(stored.length) };
  const values = new Float64Array(columns);
  values.set(exactSingularValues(matrix).map((s) => (s * s) / divisor));
  return values;
}

/** As a bundle records it: one word for each entry. */
function roundedGram(gram: Gram, unit: number): Gram {
  return { ...gram, hi: unit > 2 ** -53 ? Float64Array.from(gram.hi, Math.fround) : gram.hi, lo: null, roundoff: unit };
}

async function check(index: number): Promise<{ problem: string | null; above: number; below: number }> {
  const random = new Random(index + 1);
  const matrix = storedMatrix(index, random);
  const { kind, rows, columns, stored } = matrix;
  const role = ROLES[random.integer(ROLES.length)]!;
  const wanted = [1, 1, 3, 9][random.integer(4)]!;
  const dual = rows < columns && random.integer(2) === 1;
  const exact = dual ? dualGramOfRows(stored, rows, columns) : gramOfRows(stored, rows, columns);
  const divisor = role === 'activation' ? rows : 1;
  // Squares of 2^-100 are no float32 numbers.
  const unit = stored instanceof Float32Array && !(role === 'parameter' && kind === 'far scales') ? 2 ** -24 : 2 ** -53;
  const total = { ...(role === 'parameter' ? roundedGram(exact, unit) : exact), rows: divisor };
  const tapRoundoff = role === 'weight' ? 0 : unit;
  const job = { tap: { layer: kind, side: role }, total, without: [], dimension: columns, rows: divisor, tapRoundoff, digits: wanted, threshold: 0 };
  const spectrum = await solveSpectrum(job, inlineSolver);
  const truth = truthOf(matrix, role, divisor);
  const tolerance = 10 ** -spectrum.digits;
  const where = `#${index} ${kind} [${rows}, ${columns}] ${role} ${unit} ${spectrum.digits} digits, floor ${spectrum.floor}`;
  let problem: string | null = null;
  const found = (i: number) => spectrum.eigenvalues[i] ?? 0;
  truth.forEach((t, i) => {
    const right = Math.abs(found(i) - t) <= tolerance * t;
    if (found(i) > spectrum.floor && !right) problem ??= `${where}: #${i} is ${found(i)}, in truth ${t}`;
    if (t > spectrum.floor && !right) problem ??= `${where}: #${i} is lost, in truth ${t}, found ${found(i)}`;
  });
  const above = truth.findIndex((_, i) => !(found(i) > spectrum.floor));
  const rank = above < 0 ? columns : above;
  if (spectrum.rank !== rank || spectrum.deficit !== columns - rank) problem ??= `${where}: rank ${spectrum.rank}`;
  const volume = spectrum.readings.find((r) => r.name === 'logDetPlus')!.value ?? 0;
  const volumeInTruth = truth.slice(0, rank).reduce((sum, t) => sum + Math.log(t), 0);
  if (!(Math.abs(volume - volumeInTruth) <= 1.1 * rank * tolerance + 1e-9)) problem ??= `${where}: log det+ ${volume}, in truth ${volumeInTruth}`;
  return { problem, above: rank, below: columns - rank };
}

describe('floor honesty', () => {
  it(`on ${COUNT} low-rank, graded and noisy matrices: 100 %`, async () => {
    const problems: string[] = [];
    const kept = { above: 0, below: 0 };
    for (let index = 0; index < COUNT; index++) {
      const { problem, above, below } = await check(index);
      if (problem) problems.push(problem);
      kept.above += above;
      kept.below += below;
    }
    console.log(`floor honesty: ${COUNT - problems.length} of ${COUNT} matrices; ${kept.above} eigenvalues above their floors, ${kept.below} below`);
    expect(problems).toEqual([]);
    expect(kept.above).toBeGreaterThan(5000);
    expect(kept.below).toBeGreaterThan(2000);
  }, 180_000);
});
