/** The sweep picks steps for reasons that hold. */
import { describe, expect, it } from 'vitest';
import { calibrate, stepsToSweep, type Sweep } from '../../src/llc/calibrate';
import type { LossModel } from '../../src/llc/loss-model';
import { quadraticLlc } from '../../src/theory/langevin-bias';
import { quadratic } from './quadratic';

const H = [4, 2, 2, 1, 1, 1];
const model = quadratic(H);
const at0 = new Float64Array(H.length);
const sweep: Sweep = { nbeta: 500, adjusted: false, preconditioner: 'none', box: null, burnIn: 400, draws: 2600, chains: 6, seed: 2, gammas: [1], steps: [4e-3, 5e-4, 2e-3, 1e-3, 2.5e-4, 1.25e-4] };

describe('calibration', () => {
  it('finds the plateau: past divergence, at a step whose error is small', async () => {
    const { step, rows, sentence, passes } = await calibrate(model, at0, sweep);
    expect(rows.map((r) => r.step)).toEqual([4e-3, 2e-3, 1e-3, 5e-4, 2.5e-4, 1.25e-4]);
    expect(rows[0]!.llc).toBeNull();
    expect([5e-4, 2.5e-4]).toContain(step);
    expect(quadraticLlc(H, { nbeta: 500, gamma: 1, step }) / quadraticLlc(H, { nbeta: 500, gamma: 1, step: 0 })).toBeLessThan(1.1);
    expect(sentence).toMatch(/^Step size .*: the largest on the plateau\. The LLC reads .* there and .* at .*, at an acceptance of /);
    expect(passes).toBeGreaterThan(5 * 6 * 3000);
  });

  it('adjusted: takes the largest step that is accepted', async () => {
    const { step, rows, sentence } = await calibrate(model, at0, { ...sweep, adjusted: true });
    expect(rows.find((r) => r.step === step)!.acceptance).toBeGreaterThan(0.75);
    expect(rows.filter((r) => r.step > step).every((r) => r.acceptance! < 0.75)).toBe(true);
    expect(sentence).toContain('acceptance of 0.75 or more');
  });

  it('goes below the sweep where nothing in it will do', async () => {
    const { step, rows } = await calibrate(model, at0, { ...sweep, steps: [1, 0.1], burnIn: 100, draws: 400 });
    expect(rows.length).toBeGreaterThan(2);
    expect(step).toBeLessThan(2e-3);
    expect(rows.find((r) => r.step === step)!.llc).not.toBeNull();
  });

  it('does not take chains that have not settled for a plateau of low LLCs', async () => {
    const { step, sentence } = await calibrate(model, at0, { ...sweep, steps: [4e-4, 2e-4, 1e-4, 5e-5, 2.5e-5], burnIn: 0, draws: 60, chains: 24 });
    expect(step).toBeGreaterThanOrEqual(2e-4);
    expect(sentence).toMatch(/^Step size/);
  });

  it('holds no more than it must', async () => {
    // A flat valley, along which nothing holds the chain but gamma, and which ends in a lower place.
    const slope: LossModel = {
      ...quadratic([0, 0]),
      loss: ([u, v]) => 2 * u! * u! - 0.2 * v! * v! + 0.01 * v! ** 4,
      evaluate([u, v], gradient) {
        gradient[0] = 4 * u!;
        gradient[1] = -0.4 * v! + 0.04 * v! ** 3;
        return 2 * u! * u! - 0.2 * v! * v! + 0.01 * v! ** 4;
      },
    };
    const { gamma, sentence, rows } = await calibrate(slope, new Float64Array(2), { ...sweep, adjusted: true, steps: [4e-4], gammas: [2000, 1], draws: 4000, burnIn: 1000 });
    expect(gamma).toBe(2000);
    expect(rows.map((r) => r.gamma)).toEqual([1, 2000]);
    expect(sentence).toMatch(/Localisation 2000: the least at which these chains show no problem\.$/);
  });
});

describe('steps to sweep over', () => {
  it('start at half of the stability limit of the stiffest direction', async () => {
    const { steps, passes } = await stepsToSweep(model, at0, { nbeta: 500, gamma: 1, seed: 1 });
    expect(passes).toBe(13);
    expect(steps[0]).toBeCloseTo(2 / 2001, 4);
    expect(steps).toHaveLength(7);
    steps.slice(1).forEach((s, i) => expect(s / steps[i]!).toBeCloseTo(0.5, 1));
  });

  it('exist where there is nothing but the localisation', async () => {
    expect((await stepsToSweep(quadratic([0, 0]), new Float64Array(2), { nbeta: 500, gamma: 10, seed: 1 })).steps[0]).toBeCloseTo(0.2, 6);
  });
});
