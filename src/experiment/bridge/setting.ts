/** The bridge: a deep linear network y = W_L ... W_1 x whose teacher has r dead directions, and where its runs start. */
import type { Random } from '../../base/random';
import { symmetricEigen } from '../../numerics/symmetric-eigen';
import { identity, randomOrthogonal, times, transposed } from '../matrices';

/** Matrices of one network, each [width, width]; W_1 first. */
export type Chain = readonly Float64Array[];

export interface Bridge {
  /** Number L of matrices. */
  readonly depth: number;
  readonly width: number;
  /** Dead directions r: the teacher is diag(1 .. 1, 0 .. 0) with r zeros. */
  readonly deficit: number;
  readonly teacher: Float64Array;
  /** S = E[x x^T], and a root of it: S = R R^T. */
  readonly covariance: Float64Array;
  readonly root: Float64Array;
  /** Largest eigenvalue of S. */
  readonly steepest: number;
  /** Variance of the label noise: y = T x + e. */
  readonly noise: number;
}

export interface BridgeOptions {
  depth: number;
  width: number;
  deficit: number;
  /** Largest over smallest eigenvalue of S, in a random basis: it turns the dead directions into each other while they die. */
  condition: number;
  /** Standard deviation of the label noise. */
  noise: number;
}

export function drawBridge(random: Random, { depth, width, deficit, condition, noise }: BridgeOptions): Bridge {
  const basis = randomOrthogonal(random, width);
  const spectrum = Array.from({ length: width }, (_, i) => condition ** (i / (width - 1) - 0.5));
  const scaled = (power: number) => times(transposed(basis, width, width).map((x, k) => x * spectrum[k % width]! ** power), basis, width, width, width);
  const teacher = identity(width);
  for (let i = width - deficit; i < width; i++) teacher[i * width + i] = 0;
  return { depth, width, deficit, teacher, covariance: scaled(1), root: scaled(0.5), steepest: Math.sqrt(condition), noise: noise ** 2 };
}

/**
 * Ages at which the dead directions start, in units of time: a direction of age s has the size a in every factor at which a' = -a^(2L-1)
 * arrives from infinity after s. Its power law is reached after a time that is long against s, at every depth.
 */
const AGES = { least: 0.5, most: 2 };

/**
 * A balanced start, W_{l+1}^T W_{l+1} = W_l W_l^T: the product P = U diag(s) V^T is shared out as W_l = Q_l diag(s^(1/L)) Q_{l-1}^T with a
 * random basis Q_l at every interface between Q_0 = V and Q_L = U. P is the teacher, with sizes of their own for the dead directions in
 * random bases, plus `coupling` times normal entries of variance 1/width outside the dead block.
 */
export function balancedStart(random: Random, { depth, width, deficit, teacher }: Bridge, coupling: number): Chain {
  const live = width - deficit;
  const product = teacher.map((x, k) => {
    const dead = Math.floor(k / width) >= live && k % width >= live;
    return dead ? 0 : x + (coupling * random.normal()) / Math.sqrt(width);
  });
  const sizes = Array.from({ length: deficit }, () => {
    const age = AGES.least + (AGES.most - AGES.least) * random.uniform();
    return ((2 * depth - 2) * age) ** (-depth / (2 * depth - 2));
  });
  const [left, right] = [randomOrthogonal(random, deficit), randomOrthogonal(random, deficit)];
  setDead(product, width, times(left.map((x, k) => x * sizes[k % deficit]!), right, deficit, deficit, deficit));
  return shareOut(random, product, width, depth);
}

function shareOut(random: Random, product: Float64Array, width: number, depth: number): Chain {
  const square = (a: Float64Array, b: Float64Array) => times(a, b, width, width, width);
  // Rows of V^T; U = P V / s.
  const { values, vectors } = symmetricEigen(square(transposed(product, width, width), product), width, { vectors: true });
  const s = values.map(Math.sqrt);
  const u = square(product, transposed(vectors!, width, width)).map((x, k) => x / s[k % width]!);
  const bases = [transposed(vectors!, width, width), ...Array.from({ length: depth - 1 }, () => randomOrthogonal(random, width)), u];
  return Array.from({ length: depth }, (_, l) => square(bases[l + 1]!.map((x, k) => x * s[k % width]! ** (1 / depth)), transposed(bases[l]!, width, width)));
}

/** Diagonal factors, dead entries `size` but `size * ratio` in the first and `size / ratio` in the last: not balanced unless the ratio is 1. */
export function unbalancedStart({ depth, width, teacher }: Bridge, size: number, ratio: number): Chain {
  return Array.from({ length: depth }, (_, l) => {
    const dead = l === 0 ? size * ratio : l === depth - 1 ? size / ratio : size;
    return teacher.map((x, k) => (k % (width + 1) === 0 && x === 0 ? dead : x));
  });
}

/** W*_l = T in every factor, and directions D_l that are random in the dead block (singular values in [1/2, 1], bases of their own) and zero outside. */
export function analyticPath(random: Random, { depth, width, deficit, teacher }: Bridge): (t: number) => Chain {
  const directions = Array.from({ length: depth }, () => {
    const [left, right] = [randomOrthogonal(random, deficit), randomOrthogonal(random, deficit)];
    const sizes = Array.from({ length: deficit }, () => 0.5 + 0.5 * random.uniform());
    const whole = new Float64Array(width * width);
    setDead(whole, width, times(left.map((x, k) => x * sizes[k % deficit]!), right, deficit, deficit, deficit));
    return whole;
  });
  return (t) => directions.map((d) => teacher.map((x, k) => x + t * d[k]!));
}

/** Writes the last rows and columns. */
function setDead(matrix: Float64Array, width: number, block: Float64Array): void {
  const size = Math.sqrt(block.length);
  const live = width - size;
  block.forEach((x, k) => (matrix[(live + Math.floor(k / size)) * width + live + (k % size)] = x));
}

/** The largest entry of W_{l+1}^T W_{l+1} - W_l W_l^T: 0 where the chain is balanced. Gradient flow conserves every entry. */
export function imbalance(chain: Chain, width: number): number {
  const gram = (w: Float64Array) => times(w, transposed(w, width, width), width, width, width);
  return chain.slice(1).reduce((most, above, l) => {
    const below = gram(chain[l]!);
    return gram(transposed(above, width, width)).reduce((m, x, k) => Math.max(m, Math.abs(x - below[k]!)), most);
  }, 0);
}
