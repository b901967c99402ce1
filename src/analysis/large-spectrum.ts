/** A spectrum too large for the dense solver, from its factor: the largest eigenvalues, and what random probes say of the rest. */
import { inGramOperator, squaredNorm, type Factor } from '../numerics/gram-operator';
import { gaussRule } from '../numerics/gauss-rules';
import { probeSpectrum } from '../numerics/lanczos-quadrature';
import { headSteps } from '../numerics/spectrum-head';
import { runBreathing, type Steps } from '../numerics/stepwise';
import { transpose } from '../numerics/transpose';
import { spectralDensity } from '../spectrum/density';
import { floorOf, spectralNoise } from '../spectrum/floor';
import { livingInterval, logDetPlusEstimate, type Interval } from '../spectrum/log-det-bracket';
import { readAll, viewSpectrum } from '../spectrum/read';
import { factorHash } from './fingerprint';
import type { Estimate, Spectrum, Tap } from './report';

/** Eigenvalues of the head, and when one of them has converged. */
const HEAD = { count: 16, tolerance: 1e-6, products: 120 };
/** Lanczos steps of each probe: what a person waits for is at most 120 + 60 + 2 * 64 products of the factor with four vectors. */
const QUADRATURE = { probes: 8, steps: 64 };
/** What `tolerance` leaves of an eigenvalue. */
const MOST_DIGITS = 6;
/** Digits wanted where nobody says: the floor of one is near d * eps * lambda_max already, for products with the factor are of single words. */
export const LARGE_DIGITS = 1;

export interface LargeJob {
  tap: Tap;
  factor: Factor;
  /** Width of the tap, and what X^T X is divided by. */
  dimension: number;
  rows: number;
  tapRoundoff: number;
  cancellation: number;
  /** Digits that an eigenvalue should be known to to be read. */
  digits: number;
  threshold: number;
  seed: number;
}

/** Lets events through and stops with AbortError. */
export async function solveLarge(job: LargeJob, signal?: AbortSignal): Promise<Spectrum> {
  const gram = await factorHash(job.factor, signal);
  return { ...(await runBreathing(solveSteps(job), signal)), gram };
}

function* solveSteps(job: LargeJob): Steps<Omit<Spectrum, 'gram'>> {
  const { tap, dimension, rows, threshold, seed } = job;
  // On the shorter side there are no zeros that only the shape makes.
  const { values, rows: height, columns: width } = job.factor;
  const factor = height < width ? { values: transpose(values, height, width), rows: width, columns: height } : job.factor;
  const { head, probes } = yield* inGramOperator(factor, rows, function* (operator) {
    return { head: yield* headSteps(operator, { ...HEAD, seed }), probes: yield* probeSpectrum(operator, { ...QUADRATURE, seed }) };
  });
  const trace = squaredNorm(factor) / rows;
  const largest = head.values[0] ?? Math.max(...probes.flatMap((jacobi) => [...gaussRule(jacobi).nodes]));
  const roundoff = spectralNoise({
    lambdaMax: largest,
    trace,
    dimension: factor.columns,
    tapRoundoff: job.tapRoundoff,
    cancellation: job.cancellation,
    gramRoundoff: 2 ** -53,
  });
  const noise = { ...roundoff, digits: Math.min(roundoff.digits, MOST_DIGITS) };
  const { floor, digits } = floorOf(noise, job.digits);
  const cut = Math.max(floor, threshold * largest);
  const logDet = logDetPlusEstimate(probes, factor.columns, cut, largest);
  const pair = ({ low, high }: Interval): [number, number] => [low, high];
  const estimate: Estimate = {
    ...QUADRATURE,
    cut,
    trace,
    living: pair(livingInterval(probes, factor.columns, cut, largest)),
    logDetPlus: logDet.interval && pair(logDet.interval),
    reason: logDet.reason,
    density: largest > cut ? spectralDensity(probes, factor.columns, cut, largest) : { x: [], perDecade: [], above: [], width: 0 },
  };
  const sampleLimited = tap.side !== 'weight' && rows < dimension;
  const view = viewSpectrum(head.values, dimension, rows, floor, threshold, sampleLimited, estimate);
  return {
    tap,
    dimension,
    rows,
    eigenvalues: Array.from(head.values),
    residuals: Array.from(head.residuals),
    floor,
    digits,
    noise,
    covers: 'head',
    rank: view.rank,
    deficit: view.rank === null ? null : dimension - view.rank,
    sampleLimited,
    method: `block Lanczos; stochastic Lanczos quadrature, ${QUADRATURE.probes} probes of ${QUADRATURE.steps} steps`,
    readings: readAll(view, []),
    estimate,
  };
}
