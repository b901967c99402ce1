/** The sampler against what is known exactly about it. */
import { describe, expect, it } from 'vitest';
import { runChain, type ChainSettings } from '../../src/llc/chain';
import { chainRandom, combine, defaultNbeta, estimateLlc, type LlcSettings } from '../../src/llc/estimate';
import type { LossModel } from '../../src/llc/loss-model';
import { quadraticLlc } from '../../src/theory/langevin-bias';
import { quadratic } from './quadratic';

const CURVATURES = [1, 4, 0.05];
const plain: LlcSettings = { step: 1e-3, gamma: 1, nbeta: 500, adjusted: false, preconditioner: 'none', box: null, burnIn: 1000, draws: 4000, chains: 24, seed: 1 };
const at0 = (model: LossModel) => new Float64Array(model.dimension);

describe('unadjusted steps', () => {
  it.each([
    [1e-3, 1],
    [1e-3, 100],
    [4e-4, 1],
  ])('read the quadratic as high as their size makes it: eps %d, gamma %d', async (step, gamma) => {
    const model = quadratic(CURVATURES);
    const { llc, standardError, problems } = await estimateLlc(model, at0(model), { ...plain, step, gamma });
    const exact = quadraticLlc(CURVATURES, { nbeta: 500, gamma, step });
    expect(standardError!).toBeLessThan(0.05);
    expect(Math.abs(llc! - exact)).toBeLessThan(3 * standardError!);
    expect(problems).toEqual([]);
  });

  it('say how wrong a step is by their acceptance, which is that of the next draw as a proposal', async () => {
    const model = quadratic([1]);
    const acceptance = async (step: number) => (await estimateLlc(model, at0(model), { ...plain, step, chains: 4 })).acceptance!;
    const [fine, coarse] = [await acceptance(1e-4), await acceptance(5e-3)];
    expect(fine).toBeGreaterThan(0.99);
    expect(coarse).toBeLessThan(0.8);
  });
});

describe('adjusted steps', () => {
  it('have no error of their size', async () => {
    const model = quadratic(CURVATURES);
    const found = await estimateLlc(model, at0(model), { ...plain, adjusted: true });
    const exact = quadraticLlc(CURVATURES, { nbeta: 500, gamma: 1, step: 0 });
    expect(Math.abs(found.llc! - exact)).toBeLessThan(3 * found.standardError!);
    // Unadjusted ones of this size are off by more than that.
    expect(quadraticLlc(CURVATURES, { nbeta: 500, gamma: 1, step: 1e-3 }) - exact).toBeGreaterThan(10 * found.standardError!);
  });

  it('stay in the box, where the expectation of half a Gaussian is another', async () => {
    const model = quadratic([1]);
    const box = 0.03;
    const found = await estimateLlc(model, at0(model), { ...plain, adjusted: true, gamma: 0, box });
    // E[u] of u = n beta w^2 / 2 with |w| <= box, by the midpoint rule.
    let [sum, weight] = [0, 0];
    for (let i = 0; i < 10_000; i++) {
      const u = (500 * (box * (i + 0.5)) ** 2) / 2 / 1e8;
      weight += Math.exp(-u);
      sum += u * Math.exp(-u);
    }
    expect(Math.abs(found.llc! - sum / weight)).toBeLessThan(3 * found.standardError!);
    const reflected = await estimateLlc(model, at0(model), { ...plain, step: 2e-5, gamma: 0, box });
    expect(Math.abs(reflected.llc! - sum / weight)).toBeLessThan(3 * reflected.standardError! + 0.01 * reflected.llc!);
  });
});

describe('the RMSProp preconditioner', () => {
  it('samples the same posterior, and moves the loose weights where plain steps leave them behind', async () => {
    const curvatures = [1000, 1, 1e-3];
    const model = quadratic(curvatures);
    const settings = { ...plain, gamma: 0.01, burnIn: 2000, draws: 6000, chains: 16, adjusted: true };
    const scaled = await estimateLlc(model, at0(model), { ...settings, preconditioner: 'rmsprop', step: 1e-3 });
    const same = await estimateLlc(model, at0(model), { ...settings, step: 2e-6 });
    const exact = quadraticLlc(curvatures, { nbeta: 500, gamma: 0.01, step: 0 });
    expect(Math.abs(scaled.llc! - exact)).toBeLessThan(3 * scaled.standardError!);
    expect(scaled.standardError!).toBeLessThan(0.1);
    expect(same.llc!).toBeLessThan(exact - 0.2);
  });
});

describe('chains', () => {
  const model = quadratic(CURVATURES);
  const settings = { ...plain, burnIn: 100, draws: 1500, chains: 3 };

  it('have the same bits for the same seed, in any order, and others for another', async () => {
    const whole = await estimateLlc(model, at0(model), settings);
    const again = await estimateLlc(model, at0(model), settings);
    expect(again).toEqual(whole);
    const one = (i: number) => runChain(model, at0(model), 0, settings satisfies ChainSettings, chainRandom(settings.seed, i));
    const [last, first, middle] = [await one(2), await one(0), await one(1)];
    expect(combine([first, middle, last], 0, settings)).toEqual(whole);
    const other = await estimateLlc(model, at0(model), { ...settings, seed: 2 });
    expect(other.llc).not.toBe(whole.llc);
  });

  it('count their passes, and keep means of their draws', async () => {
    const { passes, chains } = await estimateLlc(model, at0(model), settings);
    expect(passes).toBe(3 * (1 + 100 + 1500));
    const { trace, mean, opening } = chains[0]!;
    expect([trace.length, trace.means.length, opening.length, opening.means.length]).toEqual([3, 500, 1, 100]);
    expect(trace.means.reduce((a, b) => a + b, 0) / 500).toBeCloseTo(mean, 10);
  });

  it('wait for a device, to the same bits', async () => {
    const slow: LossModel = { ...model, evaluate: async (w, g, r) => model.evaluate(w, g, r), loss: async (w) => model.loss(w) };
    expect(await estimateLlc(slow, at0(model), settings)).toEqual(await estimateLlc(model, at0(model), settings));
  });

  it('stop when they are told to', { retry: 2 }, async () => {
    const stop = new AbortController();
    const endless = estimateLlc(model, at0(model), { ...settings, draws: 1e9 }, { signal: stop.signal });
    setTimeout(() => stop.abort(), 50);
    const before = performance.now();
    await expect(endless).rejects.toMatchObject({ name: 'AbortError' });
    expect(performance.now() - before).toBeLessThan(2000);
  });

  it('know their error: the standard error is that of repeated estimates, and effective draws fall with the step', async () => {
    const repeats = [];
    for (let seed = 0; seed < 24; seed++) repeats.push(await estimateLlc(quadratic([1]), new Float64Array(1), { ...plain, step: 4e-4, burnIn: 200, draws: 2000, chains: 4, seed }));
    const values = repeats.map((r) => r.llc!);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const scatter = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1));
    const claimed = Math.sqrt(repeats.reduce((sum, r) => sum + r.standardError! ** 2, 0) / repeats.length);
    expect(claimed / scatter).toBeGreaterThan(0.6);
    expect(claimed / scatter).toBeLessThan(1.7);
    // w' = rho w + noise with rho = 1 - eps n beta / 2 = 0.9: w^2 forgets as rho^2, (1 + rho^2) / (1 - rho^2) = 9.5 draws for one.
    const share = repeats.reduce((sum, r) => sum + r.effectiveDraws! / 8000, 0) / repeats.length;
    expect(share).toBeGreaterThan(0.7 / 9.5);
    expect(share).toBeLessThan(1.6 / 9.5);
  });
});

describe('n beta', () => {
  it('is n / log n', () => {
    expect(defaultNbeta(1000)).toBeCloseTo(144.76, 2);
    expect(() => defaultNbeta(1)).toThrow(RangeError);
  });
});
