/** log det+ of a large matrix from stochastic quadrature: two-sided, or not at all. */
import { gaussRule, integrate, radauRules, type RadauRules } from '../numerics/gauss-rules';
import type { JacobiMatrix } from '../numerics/lanczos-quadrature';
import { meanBounds } from './mean-bounds';

/** Probability that an interval covers the truth. */
export const CONFIDENCE = 0.95;
/** An interval is stated where its half width is at most this many nats a direction: the geometric mean eigenvalue to about 10 %. */
const WIDEST = 0.1;
/** How far rounding may have moved a node, as a part of the largest eigenvalue. */
const ROUNDING = 2 ** -48;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export type LogDetEstimate = { readonly interval: Interval; readonly reason: null } | { readonly interval: null; readonly reason: string };

/**
 * An interval for the sum of log x over the eigenvalues x > cut, where it is narrow enough to say something. `largest` is the largest
 * eigenvalue.
 */
export function logDetPlusEstimate(probes: readonly JacobiMatrix[], dimension: number, cut: number, largest: number): LogDetEstimate {
  if (!(cut > 0 && largest > cut)) return { interval: null, reason: 'No eigenvalue is above the cut.' };
  const interval = logDetPlusInterval(probes, dimension, cut, largest);
  const width = (interval.high - interval.low) / 2 / dimension;
  if (width <= WIDEST) return { interval, reason: null };
  const share = sharesAbove(probes, cut, largest);
  const open = Math.round((dimension / probes.length) * share.high.reduce((sum, high, i) => sum + high - share.low[i]!, 0));
  const why =
    open > 1 ? `the spectrum may reach the cut (about ${open} of ${dimension} eigenvalues may lie on either side of it)` : 'there are too few probes';
  const bracket = `the bracket is ±${width.toPrecision(2)} nats for each direction, and up to ±${WIDEST} is stated`;
  return { interval: null, reason: `not resolved: ${why}; ${bracket}` };
}

/**
 * `dimension` times the mean of the bounds of v^T f v over the probes, with an interval for the randomness of the probes
 * (mean-bounds.ts). It covers the truth with probability CONFIDENCE, however wide it is.
 */
export function logDetPlusInterval(probes: readonly JacobiMatrix[], dimension: number, cut: number, largest: number): Interval {
  const bounds = probes.map((jacobi) => logAbove(jacobi, cut, largest));
  const range = Math.max(Math.log(largest / cut), Math.abs(Math.log(largest)), Math.abs(Math.log(cut)));
  const mean = meanBounds(bounds.map((b) => b.low), bounds.map((b) => b.high), range / dimension, CONFIDENCE);
  return { low: dimension * mean.low, high: dimension * mean.high };
}

/** An interval for the number of eigenvalues above the cut, which covers it with probability CONFIDENCE. */
export function livingInterval(probes: readonly JacobiMatrix[], dimension: number, cut: number, largest: number): Interval {
  const { low, high } = sharesAbove(probes, cut, largest);
  const mean = meanBounds(low, high, 1 / dimension, CONFIDENCE);
  return { low: Math.max(0, dimension * mean.low), high: Math.min(dimension, dimension * mean.high) };
}

/** Bounds of the part of each probe that is above the cut. */
function sharesAbove(probes: readonly JacobiMatrix[], cut: number, largest: number): { low: number[]; high: number[] } {
  const masses = probes.map((jacobi) => massBelowCut(radauRules(jacobi), cut, largest));
  return { low: masses.map((m) => 1 - m.high), high: masses.map((m) => 1 - m.low) };
}

/** Rounding moves nodes, and turns their vectors, which moves weight between neighbours. */
function massBelowCut(rules: RadauRules, cut: number, largest: number): Interval {
  const moved = ROUNDING * largest;
  const turned = (2 ** -51 * largest) / cut;
  return { low: Math.max(0, rules.massBelow(cut - moved).low - turned), high: Math.min(1, rules.massBelow(cut + moved).high + turned) };
}

/**
 * Bounds of the integral of f(x) = log x for x > c, else 0, against the measure of one probe, for any spectrum in [0, largest].
 *
 * With h(x) = log(1 + x / s), s > 0, and M the mass above c:  f = h + log s [x > c] - e,  where  0 <= e <= log(1 + c / s) for x <= c,
 * e <= log(1 + s / c) for c < x <= a, and e <= log(1 + s / a) beyond. The integral of h lies between its Gauss-Radau rule with a node
 * at the lower end of the spectrum and its Gauss rule (all even derivatives of h are negative, all odd ones positive); masses lie
 * between their Chebyshev-Markov-Stieltjes bounds. Any s and a are allowed: the best of some are taken. Nodes are moved outwards by
 * what rounding may have moved them.
 */
export function logAbove(jacobi: JacobiMatrix, cut: number, largest: number): Interval {
  const gauss = gaussRule(jacobi);
  const rules = radauRules(jacobi);
  const moved = ROUNDING * largest;
  const radau = rules.withNode(-moved);
  const below = massBelowCut(rules, cut, largest);
  const levels = Array.from({ length: LEVELS }, (_, i) => cut * (largest / cut) ** (i / LEVELS));
  const upTo = levels.map((a) => Math.max(0, rules.massBelow(a).high - below.low));
  let low = -Infinity;
  let high = Infinity;
  for (const s of levels) {
    const h = (x: number) => Math.log1p(Math.max(x, -2 * moved) / s);
    const shift = Math.log(s);
    const above = [shift * (1 - below.low), shift * (1 - below.high)];
    high = Math.min(high, integrate(gauss, (x) => h(x + moved)) + Math.max(...above));
    const base = integrate(radau, (x) => h(x - moved)) + Math.min(...above) - Math.log1p(cut / s) * below.high;
    for (const [i, a] of levels.entries()) {
      low = Math.max(low, base - Math.log1p(s / cut) * upTo[i]! - Math.log1p(s / a) * (1 - below.low));
    }
  }
  return { low, high };
}

/** Values of s and a that are tried, evenly spaced on a log axis. */
const LEVELS = 24;
