/** What the bridge is made of: its starts, its gradient, its flow, its batches, and what the readings make of a floor. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/base/random';
import { ChainGradient } from '../../../src/experiment/bridge/chain-gradient';
import { gradientFlow } from '../../../src/experiment/bridge/gradient-flow';
import { pack } from '../../../src/experiment/bridge/pack';
import { ChainReader } from '../../../src/experiment/bridge/read-chain';
import { drawMoments, drawSamples, populationSamples } from '../../../src/experiment/bridge/samples';
import { analyticPath, balancedStart, drawBridge, imbalance, unbalancedStart, type Chain } from '../../../src/experiment/bridge/setting';
import { bridgeSlopes, tapSlopes } from '../../../src/experiment/bridge/slopes';
import { geometric, readTrajectory } from '../../../src/experiment/bridge/trajectory';
import { identity, times, transposed } from '../../../src/experiment/matrices';
import { cpuNumerics } from '../../../src/numerics/cpu/numerics';
import { runAtOnce } from '../../../src/numerics/stepwise';

const WIDTH = 6;
const bridgeOf = (depth: number, deficit = 2) => drawBridge(new Random(1), { depth, width: WIDTH, deficit, condition: 3, noise: 0.2 });
const gap = (a: ArrayLike<number>, b: ArrayLike<number>) => Math.max(...Array.from(a, (x, k) => Math.abs(x - b[k]!)));
const square = (a: Float64Array, b: Float64Array) => times(a, b, WIDTH, WIDTH, WIDTH);
const whole = (chain: Chain) => chain.reduce((product, w) => square(w, product), identity(WIDTH));
const signal = new AbortController().signal;

describe('starts', () => {
  it('a balanced start is balanced at any depth, with bases of its own at every interface and no dead block of equal sizes', () => {
    for (const depth of [2, 3, 8]) {
      const bridge = bridgeOf(depth, 3);
      const chain = balancedStart(new Random(2), bridge, 0.3);
      expect(imbalance(chain, WIDTH)).toBeLessThan(1e-12);
      const product = whole(chain);
      // Live-dead coupling is there, and the product is near the teacher on the live block.
      expect(gap(product, bridge.teacher)).toBeGreaterThan(0.05);
      expect(Math.abs(product[WIDTH - 1]!)).toBeGreaterThan(1e-4);
      expect(gap(chain[0]!, transposed(chain[0]!, WIDTH, WIDTH))).toBeGreaterThan(0.1);
    }
    expect(imbalance(unbalancedStart(bridgeOf(2, 1), 0.4, 1.5), WIDTH)).toBeCloseTo(0.16 * (2.25 - 1 / 2.25), 12);
  });

  it('the flow keeps every entry of the balance, and ends at the teacher on the live block', () => {
    const bridge = bridgeOf(3);
    const chains = runAtOnce(gradientFlow(balancedStart(new Random(2), bridge, 0.3), bridge, [5, 50]));
    expect(chains).toHaveLength(2);
    expect(imbalance(chains[1]!, WIDTH)).toBeLessThan(1e-8);
    const live = Array.from(whole(chains[1]!).keys()).filter((k) => Math.floor(k / WIDTH) < 4 && k % WIDTH < 4);
    expect(gap(live.map((k) => whole(chains[1]!)[k]!), live.map((k) => bridge.teacher[k]!))).toBeLessThan(0.02);
  });
});

describe('data', () => {
  it('a few rows have the moments of the population', () => {
    const bridge = bridgeOf(2);
    const { count, inputs, targets } = populationSamples(bridge);
    const second = (a: Float64Array, b: Float64Array) => times(transposed(a, count, WIDTH), b, WIDTH, count, WIDTH).map((x) => x / count);
    expect(gap(second(inputs, inputs), bridge.covariance)).toBeLessThan(1e-14);
    expect(gap(second(targets, inputs), square(bridge.teacher, bridge.covariance))).toBeLessThan(1e-14);
    const labels = square(square(bridge.teacher, bridge.covariance), bridge.teacher).map((x, k) => x + (k % (WIDTH + 1) === 0 ? 0.04 : 0));
    expect(gap(second(targets, targets), labels)).toBeLessThan(1e-14);
  });

  it('moments of a batch drawn from their law have the mean and the variance of those of drawn samples', () => {
    const bridge = bridgeOf(2);
    const [batch, draws] = [32, 1500];
    const random = new Random(7);
    const sums = { law: statistics(), samples: statistics() };
    const [covariance, cross] = [new Float64Array(WIDTH * WIDTH), new Float64Array(WIDTH * WIDTH)];
    for (let i = 0; i < draws; i++) {
      drawMoments(random, bridge, batch, covariance, cross);
      sums.law.add([...covariance, ...cross]);
      const { inputs, targets } = drawSamples(random, bridge, batch);
      const second = (a: Float64Array) => times(transposed(a, batch, WIDTH), inputs, WIDTH, batch, WIDTH).map((x) => x / batch);
      sums.samples.add([...second(inputs), ...second(targets)]);
    }
    const [law, samples] = [sums.law.of(draws), sums.samples.of(draws)];
    // Five standard errors of a mean, and of a variance.
    law.mean.forEach((m, k) => expect(Math.abs(m - samples.mean[k]!)).toBeLessThan(5 * Math.sqrt((2 * samples.variance[k]!) / draws)));
    law.variance.forEach((v, k) => expect(Math.abs(v / samples.variance[k]! - 1)).toBeLessThan(5 * Math.sqrt(6 / draws)));
  });
});

function statistics() {
  const [sum, squares]: [number[], number[]] = [[], []];
  return {
    add(values: readonly number[]) {
      values.forEach((x, k) => {
        sum[k] = (sum[k] ?? 0) + x;
        squares[k] = (squares[k] ?? 0) + x ** 2;
      });
    },
    of: (n: number) => ({ mean: sum.map((s) => s / n), variance: squares.map((s, k) => s / n - (sum[k]! / n) ** 2) }),
  };
}

it('the gradient is that of half the mean squared error, from samples', () => {
  const depth = 3;
  const bridge = bridgeOf(depth);
  const random = new Random(4);
  const { count, inputs, targets } = drawSamples(random, bridge, 20);
  const second = (a: Float64Array) => times(transposed(a, count, WIDTH), inputs, WIDTH, count, WIDTH).map((x) => x / count);
  const weights = pack(balancedStart(random, bridge, 0.3)).map((w) => w + 0.1 * random.normal());
  const loss = (w: Float64Array) => {
    const chain = Array.from({ length: depth }, (_, l) => w.slice(l * 36, (l + 1) * 36));
    const out = times(inputs, transposed(whole(chain), WIDTH, WIDTH), count, WIDTH, WIDTH);
    return out.reduce((sum, y, k) => sum + (y - targets[k]!) ** 2, 0) / (2 * count);
  };
  const found = new Float64Array(weights.length);
  new ChainGradient(depth, WIDTH).at(weights, second(inputs), second(targets), found);
  const nudged = (k: number, by: number) => loss(weights.map((w, i) => (i === k ? w + by : w)));
  const expected = Array.from(found.keys(), (k) => (nudged(k, 1e-5) - nudged(k, -1e-5)) / 2e-5);
  expect(gap(found, expected)).toBeLessThan(1e-8);
});

it('moments at which an eigenvalue is under the floor are left out of the fit: the count of kept eigenvalues does not change along it', async () => {
  const bridge = bridgeOf(8);
  const moments = geometric(0.3, 1e-3, 12);
  const reader = await ChainReader.open(cpuNumerics(), 8, WIDTH);
  const trajectory = await readTrajectory('path', bridge, moments, moments.map(analyticPath(new Random(5), bridge)), populationSamples(bridge), reader, signal);
  const taps = tapSlopes(trajectory);
  const deep = taps.find((t) => t.side === 'activation' && t.layer === 7)!;
  expect(deep.moments.length).toBeGreaterThanOrEqual(3);
  expect(deep.moments.length).toBeLessThan(moments.length);
  expect(deep.kept).toBe(WIDTH);
  // Two dead directions through seven factors: t^14 each.
  expect(deep.volume!.slope).toBeCloseTo(28, 3);
  expect(taps.find((t) => t.side === 'activation' && t.layer === 1)!.moments).toHaveLength(moments.length);
  // One number of dead directions only: no ratios, and nothing to be blind to.
  const entry = bridgeSlopes(8, 'path', taps).find((e) => e.side === 'activation' && e.layer === 7)!;
  expect(entry.theory).toBe(14);
  expect(entry.window[1]).toBeGreaterThan(moments.at(-1)!);
});
