/** The spectral density of a large matrix from stochastic Lanczos quadrature, as data for a plot (Lin, Saad & Yang 2016). */
import { gaussRule } from '../numerics/gauss-rules';
import type { JacobiMatrix } from '../numerics/lanczos-quadrature';

export interface Density {
  /** Eigenvalues, ascending, evenly spaced on a log axis. */
  readonly x: number[];
  /** Eigenvalues for each decade around x: the rules of all probes, smoothed by a Gaussian of `width` decades. */
  readonly perDecade: number[];
  /** Estimated number of eigenvalues above x, not smoothed. */
  readonly above: number[];
  /** Standard deviation of the smoothing, in decades. */
  readonly width: number;
}

const POINTS = 160;
/** Part of the range that the Gaussian is wide, and the most and least of it in decades. */
const WIDTH = { part: 1 / 24, least: 0.02, most: 0.25 };

/** Between `cut`, below which nothing is read as a value, and the largest eigenvalue; both > 0. */
export function spectralDensity(probes: readonly JacobiMatrix[], dimension: number, cut: number, largest: number): Density {
  const smallestNode = (nodes: Float64Array) => nodes.find((node) => node > cut) ?? largest;
  const rules = probes.map(gaussRule);
  const low = Math.log10(Math.min(...rules.map((r) => smallestNode(r.nodes))));
  const high = Math.log10(largest);
  const width = Math.min(WIDTH.most, Math.max(WIDTH.least, (high - low) * WIDTH.part));
  const [from, to] = [Math.max(Math.log10(cut), low - 3 * width), high + 3 * width];
  const grid = Array.from({ length: POINTS }, (_, i) => from + ((to - from) * i) / (POINTS - 1));
  const perDecade = new Array<number>(POINTS).fill(0);
  const above = new Array<number>(POINTS).fill(0);
  for (const { nodes, weights } of rules) {
    for (const [k, node] of nodes.entries()) {
      if (!(node > cut)) continue;
      const at = Math.log10(node);
      const count = (dimension * weights[k]!) / rules.length;
      for (const [i, x] of grid.entries()) {
        const z = (x - at) / width;
        perDecade[i]! += (count * Math.exp((-z * z) / 2)) / (width * Math.sqrt(2 * Math.PI));
        if (at > x) above[i]! += count;
      }
    }
  }
  return { x: grid.map((x) => 10 ** x), perDecade, above, width };
}
