/** The spectral density of a large matrix from stochastic Lanczos quadrature, as data for a plot (Lin, Saad & Yang 2016). */
import { erf } from '../numerics/erf';
import { gaussRule, nodeResiduals } from '../numerics/gauss-rules';
import type { JacobiMatrix } from '../numerics/lanczos-quadrature';

export interface Density {
  /** Eigenvalues, ascending, evenly spaced on a log axis. */
  readonly x: number[];
  /** Eigenvalues for each decade around x: the nodes of all probes as Gaussians. */
  readonly perDecade: number[];
  /** Estimated number of eigenvalues above x, smoothed alike. */
  readonly above: number[];
  /** Least standard deviation of the Gaussians, in decades. */
  readonly width: number;
}

const POINTS = 160;
/** Part of the range that the Gaussian is wide, and the most and least of it in decades. */
const WIDTH = { part: 1 / 24, least: 0.02, most: 0.25 };

/**
 * A node stands for eigenvalues within its residual: where that is more than `width` the Gaussian is as wide, up to the distance of its
 * neighbours. So what the steps did not resolve is drawn smooth, not as peaks at the nodes.
 *
 * Between `cut`, below which nothing is read as a value, and the largest eigenvalue; both > 0.
 */
export function spectralDensity(probes: readonly JacobiMatrix[], dimension: number, cut: number, largest: number): Density {
  const high = Math.log10(largest);
  const rules = probes.map((jacobi) => ({ ...gaussRule(jacobi), residuals: nodeResiduals(jacobi) }));
  const low = Math.log10(Math.min(largest, ...rules.map(({ nodes }) => nodes.find((node) => node > cut) ?? largest)));
  const width = Math.min(WIDTH.most, Math.max(WIDTH.least, (high - low) * WIDTH.part));
  const bumps = rules.flatMap(({ nodes, weights, residuals }) =>
    Array.from(nodes, (node, k) => {
      const apart = Math.min(distance(nodes[k - 1], node), distance(nodes[k + 1], node));
      const sigma = Math.max(width, Math.min(residuals[k]! / node / Math.LN10, apart));
      return { node, at: Math.log10(node), sigma, count: (dimension * weights[k]!) / rules.length };
    }).filter(({ node }) => node > cut),
  );
  const from = Math.max(Math.log10(cut), Math.min(...bumps.map(({ at, sigma }) => at - 3 * sigma)));
  const to = Math.max(...bumps.map(({ at, sigma }) => at + 3 * sigma));
  const grid = Array.from({ length: POINTS }, (_, i) => from + ((to - from) * i) / (POINTS - 1));
  const perDecade = new Array<number>(POINTS).fill(0);
  const above = new Array<number>(POINTS).fill(0);
  for (const { at, sigma, count } of bumps) {
    for (const [i, x] of grid.entries()) {
      const z = (x - at) / sigma;
      perDecade[i]! += (count * Math.exp((-z * z) / 2)) / (sigma * Math.sqrt(2 * Math.PI));
      above[i]! += (count * (1 - erf(z / Math.SQRT2))) / 2;
    }
  }
  return { x: grid.map((x) => 10 ** x), perDecade, above, width };
}

/** In decades. */
function distance(a: number | undefined, b: number): number {
  return a !== undefined && a > 0 ? Math.abs(Math.log10(a / b)) : Infinity;
}
