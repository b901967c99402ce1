/** The modular-addition sweep: its network is the product's, its readings and differences add up, and the small protocol comes out. */
import { describe, expect, it } from 'vitest';
import { ExperimentRecord } from '../../src/analysis/experiment-record';
import { Random } from '../../src/base/random';
import { compare, type Comparison } from '../../src/experiment/modular-addition/comparison';
import { allPairs, initialWeights, layoutOf, logits, probeOf, sizeFor, splitPairs, tappedModel, tensorsAt } from '../../src/experiment/modular-addition/network';
import { summaryOf, tableOf } from '../../src/experiment/modular-addition/presentation';
import { inPowersOfTen, readLayers } from '../../src/experiment/modular-addition/readings';
import { partsOf, separation } from '../../src/experiment/modular-addition/separation';
import type { Point } from '../../src/experiment/modular-addition/sweep';
import { modularAddition } from '../../src/experiment/recipes/modular-addition';
import { runExperiment } from '../../src/experiment/run-experiment';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';

const numerics = cpuNumerics();
const { ops } = numerics;
const signal = new AbortController().signal;

describe('the network', () => {
  it.each([8, 32])('of d_model %i gives the logits at = that the product gives for the same checkpoint', async (width) => {
    const size = sizeFor(7, width);
    const weights = tensorsAt(ops, layoutOf(size), initialWeights(size, new Random(1)));
    const model = await tappedModel(size);
    const pairs = splitPairs(7, 0.6, new Random(2)).train;
    const { inputs } = probeOf(7, pairs);
    const whole = await ops.read(model.forward(ops, (name) => weights.get(name)!, inputs, () => {}));
    const own = await ops.read(logits(ops, size, (name) => weights.get(name)!, pairs));
    expect(own.length).toBe(29 * 7);
    own.forEach((x, k) => expect(x).toBeCloseTo(whole[(3 * Math.floor(k / 7) + 2) * 7 + (k % 7)]!, 12));
    expect(model.layers.map((l) => l.name)).toEqual([...weights.keys()].filter((name) => name !== 'pos_embed.W_pos'));
  });

  it('is asked for every pair once, with its sum', () => {
    const { train, test } = splitPairs(11, 0.7, new Random(4));
    expect([train.sums.length, test.sums.length]).toEqual([84, 37]);
    for (const { a, b, sums } of [train, test]) expect([...sums]).toEqual([...a].map((x, i) => (x + b[i]!) % 11));
    expect(new Set([train, test].flatMap(({ a, b }) => [...a].map((x, i) => 11 * x + b[i]!))).size).toBe(121);
    const { inputs, targets } = probeOf(11, allPairs(11));
    expect(inputs.kind === 'tokens' && [...inputs.ids.slice(-3)]).toEqual([10, 10, 11]);
    expect(targets?.kind === 'labels' && [...targets.labels.slice(-3)]).toEqual([-1, -1, 9]);
  });
});

describe('readings', () => {
  it('are powers of ten of the eigenvalues above the floor', () => {
    const full = inPowersOfTen([100, 1, 1e-4], 3);
    expect(full.logDetPlus).toBeCloseTo(-2, 14);
    expect(full.live * (full.scale + full.shape)).toBeCloseTo(full.logDetPlus, 13);
    expect([full.sigmaMin, full.lambdaPlusMin, full.unfloored]).toEqual([-2, -4, -4]);
    const dead = inPowersOfTen([100, 1, 1e-30, 0], 2);
    expect(dead).toMatchObject({ live: 2, sigmaMin: null, lambdaPlusMin: 0, unfloored: -30 });
    expect(dead.logDetPlus).toBeCloseTo(2, 14);
    expect(dead.shape).toBeCloseTo(1 - Math.log10(50.5), 14);
  });

  it('know what a wider network cannot have: rank above its tokens, its logits, its heads', async () => {
    const size = sizeFor(5, 16);
    const found = await readLayers(numerics, size, initialWeights(size, new Random(1)), signal);
    const live = (layer: string, side: string) => found.find((r) => r.layer === layer && r.side === side)!.live;
    expect(found.length).toBe(2 * 8);
    expect(live('embed.W_E', 'activation')).toBe(6);
    expect(live('unembed.W_U', 'gradient')).toBe(4);
    expect(live('blocks.0.mlp.W_out', 'gradient')).toBe(4);
    // Each head has one query at '='.
    expect(live('blocks.0.attn.W_K', 'gradient')).toBe(2);
  });
});

describe('separation', () => {
  it('is between the nearest seeds of the nearest and the farthest widths', () => {
    expect(separation([[1, 2], [5, 4], [20, 21]])).toEqual({ nearest: 2, farthest: 18 });
    expect(separation([[1, 5], [4, 9]])).toEqual({ nearest: 0, farthest: 0 });
    expect(separation([[1], [null]])).toBeNull();
    expect(separation([[1, 2]])).toBeNull();
  });

  it('is an exact sum of count, scale and shape', () => {
    const [from, to] = [{ live: 3, scale: -2, shape: -0.5 }, { live: 10, scale: -2.25, shape: -1 }];
    const { total, count, scale, shape } = partsOf(from, to);
    expect(total).toBe(10 * -3.25 - 3 * -2.5);
    expect([count, scale, shape]).toEqual([7 * -2.875, 6.5 * -0.25, 6.5 * -0.5]);
    expect(partsOf(from, { ...from, live: 6 })).toMatchObject({ total: -7.5, count: -7.5 });
  });
});

describe('the small protocol', () => {
  it('puts every width apart by log det+, says what that is made of, and is a record', { timeout: 300_000 }, async () => {
    const heard: number[] = [];
    const progress = (done: number, total: number) => void heard.push(done / total);
    const record = await runExperiment({ name: 'modular-addition', size: 'small', changes: {}, seed: 0 }, { numerics, signal, progress });
    const widths = record.table[0]!.map((_, c) => Math.max(...record.table.map((row) => row[c]!.length)));
    console.log(record.table.map((row) => row.map((cell, c) => cell.padEnd(widths[c]!)).join('  ')).join('\n') + `\n\n${record.summary}`);
    expect(ExperimentRecord.parse(JSON.parse(JSON.stringify(record)))).toMatchObject({ name: 'modular-addition', seed: 0 });
    expect(heard.at(-1)).toBe(1);

    const { points, comparison } = record as unknown as { points: Point[]; comparison: Comparison };
    expect(points.map((p) => p.width)).toEqual([8, 16, 32, 8, 16, 32]);
    // Chance is 1 in 11, and held-out pairs are learnt from the others.
    expect(points.filter((p) => p.width === 32).every((p) => p.trainAccuracy === 1 && p.testAccuracy > 0.4)).toBe(true);
    for (const state of ['trained', 'untrained'] as const) {
      const { named, parts, sameWidth } = comparison;
      expect(named[state].logDetPlus!.nearest).toBeGreaterThan(10);
      expect(named[state].logDetPlus!.farthest).toBeGreaterThan(50);
      expect(named[state].shape!.farthest).toBeLessThan(1);
      expect(parts[state].count + parts[state].scale + parts[state].shape).toBeCloseTo(parts[state].total, 10);
      expect(sameWidth[state].logDetPlus!.farthest).toBeLessThan(18);
    }
    // No smallest value comes near to eighteen orders; nor does one without a floor, as long as Grams are exact: what repeats itself is zero.
    const trained = comparison.separations.filter((s) => s.state === 'trained');
    for (const kind of ['lambdaPlusMin', 'unfloored'] as const) expect(Math.max(...trained.map((s) => s[kind]!.farthest))).toBeLessThan(5);
    for (const budget of ['same', 'larger'] as const) {
      expect(points.every((p) => p.llc[budget].passes <= (budget === 'same' ? 1 : 5) * p.passes)).toBe(true);
      expect(comparison.llc[budget].separation!.farthest).toBeLessThan(2);
    }
    expect(record.summary).toMatch(/18 orders come out.*LLC at the same budget does not/);

    const wild = points.map((p) => ({ ...p, llc: { ...p.llc, larger: { ...p.llc.larger, llc: null, standardError: null } } }));
    expect(tableOf(wild, compare(wild)).filter((row) => row.includes('diverged')).length).toBe(3);
    expect(summaryOf(wild, compare(wild))).toMatch(/diverged, diverged, diverged after 54 passes \(not all positive\)/);
    const narrow = points.filter((p) => p.width === 8);
    expect(summaryOf(narrow, compare(narrow))).toMatch(/at least two/);
    const alike = points.map((p) => ({ ...p, trained: points[p.seed]!.trained }));
    expect(compare(alike).named.trained.logDetPlus!.nearest).toBe(0);
    expect(summaryOf(alike, compare(alike))).toMatch(/18 orders do not come out/);
  });

  it('stops in the middle, and refuses widths that have no heads', async () => {
    const stop = new AbortController();
    const order = (changes: Record<string, number | number[]>) => ({ name: modularAddition.name, size: 'small', changes, seed: 0 }) as const;
    await expect(runExperiment(order({ steps: 100_000 }), { numerics, signal: stop.signal, progress: () => stop.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    await expect(runExperiment(order({ widths: [8, 12] }), { numerics, signal, progress: () => {} })).rejects.toThrow(/multiples of 8.*not 12/);
    await expect(runExperiment(order({ widths: 8, learningRate: 1, weightDecay: 10, steps: 100, seeds: 1 }), { numerics, signal, progress: () => {} })).rejects.toThrow(/d_model 8 diverged/);
  });
});
