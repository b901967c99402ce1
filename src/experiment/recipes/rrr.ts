/** Reduced-rank regression, the 14 cells of paper A: LLC against the closed form, and how each observable orders the cells. */
import { format, toNumber } from '../../base/rational';
import { Random } from '../../base/random';
import { calibrate } from '../../llc/calibrate';
import { defaultNbeta, estimateLlc } from '../../llc/estimate';
import { reducedRankRegression } from '../../theory/reduced-rank';
import { experiment, integer, real, reals } from '../experiment';
import { reducedRankCell } from '../reduced-rank/cell';
import { observablesOf } from '../reduced-rank/observables';
import { correlationsOf, rrrPlots, rrrTable, widthSentence, type RrrCell } from '../reduced-rank/tables';

const INPUTS = 10;
const OUTPUTS = 5;
const WIDTHS = [2, 3, 4, 5];
/** Chains and steps of the calibration beside those of the estimate. */
const PILOT_CHAINS = 2;
const PILOT_PART = 10;
/** Draws without adjustment are for comparison only: this many times fewer. */
const PLAIN_PART = 4;

export const rrr = experiment({
  name: 'rrr',
  title: 'reduced-rank regression: LLC against closed-form λ on 14 cells, and what orders them',
  claim:
    'On M = 10, N = 5, H = 2..5, r = 1..H the calibrated LLC recovers the closed-form λ (Aoyagi & Watanabe 2005) at 99 % in the mean, and the signatures order the cells: ρ = +0.895 for σ_min(X_h2), −0.978 for λ⁺_min, −0.947 for log det⁺; a sanity gate, which the naive capacity H·r passes too (Dead-Direction Signatures, 2606.21158, as cited by others).',
  parameters: {
    samples: integer('samples n', { small: 10_000, full: 10_000, least: 100, most: 100_000 }),
    noise: real('noise of the labels', { small: 0.1, full: 0.1, least: 0, most: 10 }),
    gamma: real('localisation γ', { small: 1, full: 1, least: 0, most: 10_000 }),
    steps: reals('step sizes ε of the calibration', { small: [2e-4, 1e-4, 5e-5, 2.5e-5], full: [2e-4, 1e-4, 5e-5, 2.5e-5], least: 1e-9, most: 1 }),
    plainStep: real('step size ε without adjustment, for comparison', { small: 5e-5, full: 5e-5, least: 1e-9, most: 1 }),
    chains: integer('chains', { small: 6, full: 8, least: 2, most: 64 }),
    burnIn: integer('burn-in of a chain', { small: 1500, full: 10_000, least: 0, most: 10_000_000 }),
    draws: integer('draws of a chain', { small: 4500, full: 40_000, least: 100, most: 10_000_000 }),
  },
  async run({ protocol, seed, signal, progress }) {
    const { samples, noise, gamma, steps, plainStep, chains, burnIn, draws } = protocol;
    const nbeta = defaultNbeta(samples);
    const sizes = WIDTHS.flatMap((hidden) => Array.from({ length: hidden }, (_, r) => ({ inputs: INPUTS, hidden, outputs: OUTPUTS, rank: r + 1, samples, noise })));
    const pilot = { chains: PILOT_CHAINS, burnIn: Math.ceil(burnIn / PILOT_PART), draws: Math.ceil(draws / PILOT_PART) };
    const pilotSteps = steps.length * pilot.chains * (pilot.burnIn + pilot.draws);
    const plainDraws = Math.ceil(draws / PLAIN_PART);
    const each = pilotSteps + chains * (2 * burnIn + draws + plainDraws);
    const data = new Random(seed).split('data');
    const cells: RrrCell[] = [];
    for (const [i, size] of sizes.entries()) {
      const random = new Random(seed).split(`H ${size.hidden}, r ${size.rank}`);
      const hooks = (before: number) => ({ signal, progress: (k: number) => progress(i * each + before + k, sizes.length * each) });
      const cell = await reducedRankCell(size, data, signal);
      const { model, trained } = cell;
      const common = { nbeta, preconditioner: 'none', box: null, seed: random.split('chains').bits() } as const;
      const { step, sentence, passes: pilotPasses, rows } = await calibrate(model, trained, { ...common, ...pilot, adjusted: true, steps, gammas: [gamma] }, hooks(0));
      const settings = { ...common, gamma, chains, burnIn, draws };
      const adjusted = await estimateLlc(model, trained, { ...settings, step, adjusted: true }, hooks(pilotSteps));
      const plain = await estimateLlc(model, trained, { ...settings, draws: plainDraws, step: plainStep, adjusted: false }, hooks(pilotSteps + chains * (burnIn + draws)));
      const { lambda, multiplicity } = reducedRankRegression(INPUTS, size.hidden, OUTPUTS, size.rank);
      const { llc, standardError, acceptance, passes, problems, initialLoss } = adjusted;
      cells.push({
        M: INPUTS, H: size.hidden, N: OUTPUTS, r: size.rank,
        lambda: toNumber(lambda), exactLambda: format(lambda), multiplicity,
        llc, standardError, recovery: llc === null ? null : llc / toNumber(lambda),
        acceptance, step, calibration: { sentence, rows }, passes: passes + pilotPasses, problems,
        plain: { llc: plain.llc, standardError: plain.standardError, acceptance: plain.acceptance, passes: plain.passes, problems: plain.problems },
        initialLoss, gradient: cell.gradient, capacity: size.hidden * size.rank,
        observables: await observablesOf(cell, signal),
      });
    }
    const known = cells.flatMap((c) => (c.recovery === null ? [] : [c.recovery]));
    const complete = known.length === cells.length;
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    const recovery = complete ? { ratio: mean(known), accuracy: mean(known.map((q) => 1 - Math.abs(q - 1))), worst: Math.min(...known.map((q) => 1 - Math.abs(q - 1))) } : null;
    const plainKnown = cells.flatMap((c) => (c.plain.llc === null ? [] : [c.plain.llc / c.lambda]));
    const plainRatio = plainKnown.length === cells.length ? mean(plainKnown) : null;
    const passes = cells.reduce((sum, c) => sum + c.passes, 0);
    const correlations = correlationsOf(cells);
    const percent = (q: number) => `${(100 * q).toFixed(2)} %`;
    const recovered = recovery
      ? `The calibrated LLC recovers λ at ${percent(recovery.accuracy)} in the mean (mean of LLC/λ ${recovery.ratio.toFixed(4)}, worst cell ${percent(recovery.worst)})`
      : `The LLC has no value in ${cells.length - known.length} cells, where chains diverged`;
    const orders = widthSentence(correlations);
    const unadjusted = plainRatio === null ? 'diverge' : `read ${plainRatio > 1 ? `${percent(plainRatio - 1)} high` : `${percent(1 - plainRatio)} low`}`;
    return {
      data: { nbeta, passes, recovery, plainRatio, correlations, cells },
      table: rrrTable(cells, correlations),
      summary: `${recovered} with ${passes.toPrecision(3)} passes over the data, calibration included. Steps of ε = ${plainStep} without adjustment ${unadjusted}. ${orders}`,
      plots: rrrPlots(cells),
    };
  },
});
