/** Bad settings are named. */
import { describe, expect, it } from 'vitest';
import { combine, estimateLlc, type LlcSettings } from '../../src/llc/estimate';
import type { LossModel } from '../../src/llc/loss-model';
import { quadratic } from './quadratic';

const good: LlcSettings = { step: 2e-4, gamma: 1, nbeta: 500, adjusted: false, preconditioner: 'none', box: null, burnIn: 500, draws: 4000, chains: 4, seed: 3 };
const model = quadratic([1, 2, 4]);
const problems = async (changes: Partial<LlcSettings>, of: LossModel = model, start = new Float64Array(of.dimension)) =>
  (await estimateLlc(of, start, { ...good, ...changes })).problems;

describe('chains that are right', () => {
  it('have nothing said about them', async () => {
    expect(await problems({})).toEqual([]);
    expect(await problems({ adjusted: true })).toEqual([]);
  });
});

describe('what is wrong', () => {
  it('divergence, with the step at which it was seen, and no value', async () => {
    const found = await estimateLlc(model, new Float64Array(3), { ...good, step: 4e-3 });
    expect(found.problems).toEqual([expect.stringMatching(/^4 of 4 chains diverged, chain 1 at step \d+: the step size 0\.004 is too large/)]);
    expect([found.llc, found.standardError, found.effectiveDraws]).toEqual([null, null, null]);
    expect(found.passes).toBeLessThan(4 * 4501);
  });

  it('a loss that is no number at the checkpoint', async () => {
    expect(await problems({}, { ...model, loss: () => NaN })).toEqual([expect.stringContaining('nothing to sample around')]);
  });

  it('a step that is too large, though nothing diverges', async () => {
    const stiff = quadratic(Array.from({ length: 12 }, () => 4));
    expect(await problems({ step: 1e-3 }, stiff)).toEqual([expect.stringMatching(/^Steps would be accepted at \d\d(\.\d)? % as proposals, .* makes the LLC read high/)]);
  });

  it('steps that hardly move', async () => {
    expect(await problems({ step: 2e-7, burnIn: 0 })).toContainEqual(expect.stringMatching(/effectively independent draws, or fewer.*hardly move \(100 % would be accepted\)/));
  });

  it('drift of a trace that still rises', async () => {
    expect(await problems({ step: 1e-6, burnIn: 0, draws: 3000, chains: 24 })).toContainEqual(expect.stringMatching(/^The trace still drifts: it rises by .* Burn in longer\.$/));
  });

  it('negative dips: the checkpoint is not at a minimum', async () => {
    const off = new Float64Array([0.03, 0.03, 0.015]);
    expect(await problems({}, model, off)).toContainEqual(expect.stringContaining('% of the trace lies under the loss of the checkpoint'));
    expect(await problems({}, model, off.map((w) => 4 * w))).toContainEqual(expect.stringContaining('The LLC is negative'));
  });

  it('an opening spike', async () => {
    const { chains } = await estimateLlc(model, new Float64Array(3), good);
    const opening = { ...chains[0]!.opening, means: chains[0]!.opening.means.map((v, k) => (k < 20 ? 40 : v)) };
    expect(combine([{ ...chains[0]!, opening }, ...chains.slice(1)], 0, good).problems).toEqual([expect.stringMatching(/^The burn-in opens with a spike of [\d.]+, where the LLC reads 1\.\d+/)]);
  });

  it('chains that disagree', async () => {
    // Two wells that are too far from each other, of different depth: chains fall into one or the other.
    const wells: LossModel = {
      ...quadratic([0]),
      loss: ([w]) => (w! ** 2 - 1) ** 2 + 0.02 * w!,
      evaluate([w], gradient) {
        gradient[0] = 4 * w! * (w! ** 2 - 1) + 0.02;
        return (w! ** 2 - 1) ** 2 + 0.02 * w!;
      },
    };
    const said = await problems({ gamma: 0, nbeta: 60, step: 1e-3, chains: 8 }, wells);
    expect(said).toContainEqual(expect.stringContaining('The chains disagree'));
  });

  it('adjusted steps that stick', async () => {
    expect(await problems({ adjusted: true, step: 3.5e-3 }, quadratic(Array.from({ length: 40 }, () => 1)))).toContainEqual(expect.stringContaining('the chains stick'));
  });
});
