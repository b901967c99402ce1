/** LLC on normal crossings of two variables, against what a perfect sampler would read at this n. */
import type { ExperimentPlot } from '../../analysis/experiment-record';
import { format } from '../../base/rational';
import { Random } from '../../base/random';
import { defaultNbeta, estimateLlc, type LlcSettings } from '../../llc/estimate';
import type { LossModel } from '../../llc/loss-model';
import { crossingExpectation } from '../../theory/crossing-posterior';
import { normalCrossing } from '../../theory/normal-crossing';
import { experiment, integer, real } from '../experiment';

/** One posterior: the loss over the population, or over one data set. */
interface Reading {
  /** Exact posterior expectation of n beta (L - L(0)). */
  exact: number;
  llc: number | null;
  standardError: number | null;
  /** (llc - exact) / standardError. */
  deviations: number | null;
  acceptance: number | null;
  problems: readonly string[];
}

interface CrossingCell extends Reading {
  a: number;
  b: number;
  lambda: string;
  multiplicity: number;
  /** The same with the loss over the data that were drawn. */
  data: Reading;
}

/** What devinterp's samplers read (science.md §5). */
const PUBLISHED: Readonly<Record<string, number>> = { '0,1': 0.351, '1,1': 0.378 };
const BOUND = 3;

export const llcNormalCrossing = experiment({
  name: 'llc-normal-crossing',
  title: 'LLC on normal crossings against the exact expectation at finite n',
  claim:
    'For f = x w₁ᵃ w₂ᵇ with x ~ N(0, 2²), noise 0.25, squared errors and |wᵢ| ≤ 1 the posterior expectation of nβ (L − L(0)) is a one-dimensional integral at any n, which is below λ by about (m − 1)/log(4nβ) (Watanabe 2009; setting of devinterp): an LLC estimator must agree with it, not with λ.',
  parameters: {
    most: integer('largest exponent', { small: 3, full: 3, least: 1, most: 6 }),
    samples: integer('samples n', { small: 1000, full: 1000, least: 10, most: 1_000_000 }),
    noise: real('noise of the labels', { small: 0.25, full: 0.25, least: 0, most: 10 }),
    chains: integer('chains', { small: 24, full: 64, least: 2, most: 1000 }),
    burnIn: integer('burn-in of a chain', { small: 4000, full: 5000, least: 0, most: 10_000_000 }),
    draws: integer('draws of a chain', { small: 10_000, full: 50_000, least: 100, most: 10_000_000 }),
    step: real('step size ε', { small: 1e-3, full: 1e-3, least: 1e-8, most: 1 }),
  },
  async run({ protocol: { most, samples, noise, chains, burnIn, draws, step }, seed, signal, progress }) {
    const nbeta = defaultNbeta(samples);
    const settings = { step, gamma: 0, nbeta, adjusted: true, preconditioner: 'none', box: 1, burnIn, draws, chains } as const;
    const random = new Random(seed);
    const pairs = Array.from({ length: (most + 1) ** 2 - 1 }, (_, k) => [Math.floor((k + 1) / (most + 1)), (k + 1) % (most + 1)] as const);
    const cells: CrossingCell[] = [];
    let passes = 0;
    for (const [i, [a, b]] of pairs.entries()) {
      const stream = random.split(`${a} ${b}`);
      const read = async (half: number, square: number, cross: number): Promise<Reading> => {
        const model = crossingLoss(a, b, samples, square, cross);
        const own: LlcSettings = { ...settings, seed: stream.split(`chains ${half}`).bits() };
        const steps = 2 * chains * (burnIn + draws);
        const found = await estimateLlc(model, new Float64Array(2), own, { signal, progress: (k) => progress(i * steps + (half * steps) / 2 + k, pairs.length * steps) });
        passes += found.passes;
        const exact = crossingExpectation(a, b, nbeta * square, nbeta * cross);
        const { llc, standardError, acceptance, problems } = found;
        return { exact, llc, standardError, deviations: llc === null ? null : (llc - exact) / standardError!, acceptance, problems };
      };
      const { lambda, multiplicity } = normalCrossing([a, b]);
      const { square, cross } = drawnMoments(stream.split('data'), samples, noise);
      const population = await read(0, SPREAD ** 2, 0);
      cells.push({ a, b, lambda: format(lambda), multiplicity, ...population, data: await read(1, square, cross) });
    }
    const within = (r: Reading) => r.deviations !== null && Math.abs(r.deviations) <= BOUND;
    const agree = { population: cells.filter(within).length, data: cells.filter((c) => within(c.data)).length };
    const worst = Math.max(...cells.map((c) => Math.abs(c.deviations ?? Infinity)));
    return {
      data: { nbeta, passes, agree, cells },
      table: crossingTable(cells),
      summary: `${agree.population} of ${cells.length} within ${BOUND} standard errors of the exact expectation (the farthest at ${worst.toFixed(1)}), and ${agree.data} of ${cells.length} where the loss is that of ${samples} samples drawn. Adjusted steps, so that nothing is left of the step size; ${passes.toPrecision(3)} passes.`,
      plots: [crossingPlot(cells)],
    };
  },
});

/** Standard deviation of x. */
const SPREAD = 2;

/** mean(x^2) and mean(x e) of one data set. */
function drawnMoments(random: Random, samples: number, noise: number): { square: number; cross: number } {
  let [square, cross] = [0, 0];
  for (let i = 0; i < samples; i++) {
    const x = SPREAD * random.normal();
    square += (x * x) / samples;
    cross += (x * noise * random.normal()) / samples;
  }
  return { square, cross };
}

/** Mean of (w_1^a w_2^b x - e)^2 up to the noise itself: square t^2 - 2 cross t at t = w_1^a w_2^b. */
export function crossingLoss(a: number, b: number, samples: number, square: number, cross: number): LossModel {
  const loss = (w: Float64Array) => {
    const t = w[0]! ** a * w[1]! ** b;
    return square * t * t - 2 * cross * t;
  };
  return {
    dimension: 2,
    samples,
    passes: 1,
    loss,
    evaluate(w, gradient) {
      const [u, v] = [w[0]!, w[1]!];
      const slope = 2 * (square * u ** a * v ** b - cross);
      gradient[0] = a === 0 ? 0 : slope * a * u ** (a - 1) * v ** b;
      gradient[1] = b === 0 ? 0 : slope * b * u ** a * v ** (b - 1);
      return loss(w);
    },
  };
}

function crossingTable(cells: readonly CrossingCell[]): string[][] {
  const value = ({ llc, standardError }: Reading) => (llc === null ? 'diverged' : `${llc.toFixed(4)} ± ${standardError!.toFixed(4)}`);
  const off = ({ deviations }: Reading) => (deviations === null ? '–' : deviations.toFixed(1));
  return [
    ['a, b', 'λ', 'm', 'exact', 'LLC', 'off by (s.e.)', 'exact, these data', 'LLC, these data', 'off by (s.e.)', 'devinterp'],
    ...cells.map((c) => [
      `${c.a}, ${c.b}`,
      c.lambda,
      `${c.multiplicity}`,
      c.exact.toFixed(4),
      value(c),
      off(c),
      c.data.exact.toFixed(4),
      value(c.data),
      off(c.data),
      PUBLISHED[`${c.a},${c.b}`]?.toFixed(3) ?? '–',
    ]),
  ];
}

function crossingPlot(cells: readonly CrossingCell[]): ExperimentPlot {
  const ends = [0, Math.max(...cells.map((c) => c.exact)) * 1.05];
  const labels = cells.map((c) => `(${c.a}, ${c.b}), λ = ${c.lambda}, m = ${c.multiplicity}`);
  return {
    title: 'LLC against the exact posterior expectation',
    x: { title: 'exact E[nβ (L − L(0))]', log: false },
    y: { title: 'LLC', log: false },
    series: [
      { name: 'LLC = exact', x: ends, y: ends, mark: 'dashed' },
      { name: 'population loss', x: cells.map((c) => c.exact), y: cells.map((c) => c.llc), error: cells.map((c) => c.standardError), labels, mark: 'points' },
      { name: 'loss of the data', x: cells.map((c) => c.data.exact), y: cells.map((c) => c.data.llc), error: cells.map((c) => c.data.standardError), labels, mark: 'points' },
    ],
  };
}
