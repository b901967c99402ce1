/**
 * The gauge audit: the null dimensions of the Jacobian of a layer, and how many of them the architecture, the kernel of its inputs and
 * the kernel of its gradients account for.
 */
import { generatorsOf, isExact, type Parameters, type Symmetry } from '../model/symmetries/symmetry';
import type { ModelLayer } from '../model/types';
import { dualGramOfRows, gramOfRows } from '../numerics/cpu/gram';
import { eigenvaluesOfGram } from '../numerics/solve';
import { symmetricEigen } from '../numerics/symmetric-eigen';
import type { ArcMap } from './arc-map';
import { JointSpan } from './joint-span';
import { norm, unit } from './scales';
import { isFactored } from './span';

export interface LayerAudit {
  readonly layer: string;
  /** Weight and bias. */
  readonly parameters: number;
  /** Null dimensions of the Jacobian of the outputs by this layer's parameters. */
  readonly found: number;
  /** Dimensions of the architecture's symmetries that live in this layer alone, some of them combined from those of several layers; with their families. */
  readonly expected: number;
  readonly families: readonly { readonly family: string; readonly dimension: number }[];
  /** Outputs x kernel of the inputs: flat on this probe, whatever the architecture. */
  readonly inputKernel: number;
  /** Kernel of the gradients x inputs: dead at first order; singular or flat, which the order tells. */
  readonly gradientKernel: number;
  /** found less the span of all three. */
  readonly unexplained: number;
}

/** Singular values at or under this part of the largest are zero. */
const NULL = 1e-8;

/**
 * One line for every dense layer. @param jacobian J [rows, dimension of the map] by columns, `TangentSpace.jacobian`.
 * Symmetries under another loss, and those that are not exact, are left out.
 */
export function* auditLayers(
  map: ArcMap,
  jacobian: Float64Array,
  layers: readonly ModelLayer[],
  symmetries: readonly Symmetry[],
  parameters: Parameters,
  loss: 'mse' | 'ce',
): Iterable<LayerAudit> {
  const exact = symmetries.filter((s) => isExact(s, loss));
  const count = exact.reduce((sum, s) => sum + s.dimension, 0);
  let joint: JointSpan | null = null;
  // Too many are not even made.
  const spanned = isFactored(map, count) ? exact : [];
  const all = () => (joint ??= new JointSpan(spanned.flatMap((s) => Array.from(generatorsOf(s, parameters), (g) => map.flat(g)))));
  for (const layer of layers) if (layer.dense) yield auditLayer(map, jacobian, layer as DenseLayer, exact, parameters, all);
}

type DenseLayer = ModelLayer & { readonly dense: NonNullable<ModelLayer['dense']> };

function auditLayer(map: ArcMap, jacobian: Float64Array, { name, dense }: DenseLayer, symmetries: readonly Symmetry[], parameters: Parameters, joint: () => JointSpan): LayerAudit {
  const { shape } = parameters.get(dense.weight)!;
  const inputs = shape[dense.inputAxis]!;
  const p = inputs + (dense.bias === null ? 0 : 1);
  const q = shape[1 - dense.inputAxis]!;
  const { rows } = map;
  /** Entry (output k, input j) of a flat direction; the bias is the last input. */
  const place = (k: number, j: number) =>
    j === inputs ? map.offset(dense.bias!) + k : map.offset(dense.weight) + (dense.inputAxis === 0 ? j * q + k : k * inputs + j);
  const block = new Float64Array(q * p * rows);
  for (let k = 0; k < q; k++) for (let j = 0; j < p; j++) block.set(jacobian.subarray(place(k, j) * rows, (place(k, j) + 1) * rows), (k * p + j) * rows);
  const found = q * p - rankOf(block, q * p, rows);
  const inputNull = kernel(block, q, p, rows, 'inputs');
  const outputNull = kernel(block, q, p, rows, 'outputs');

  const own = new Set([dense.weight, ...(dense.bias === null ? [] : [dense.bias])]);
  const families: { family: string; dimension: number }[] = [];
  const generators: Float64Array[] = [];
  for (const symmetry of symmetries) {
    const inside: Float64Array[] = [];
    for (const direction of generatorsOf(symmetry, parameters)) {
      if (![...direction].every(([tensor, values]) => own.has(tensor) || values.every((x) => x === 0))) continue;
      const flat = map.flat(direction);
      inside.push(Float64Array.from({ length: q * p }, (_, at) => flat[place(Math.floor(at / p), at % p)]!));
    }
    const dimension = rankOfSpan(inside);
    if (dimension > 0) families.push({ family: symmetry.family, dimension });
    generators.push(...inside);
  }
  const kernels = q * inputNull.length + p * outputNull.length - inputNull.length * outputNull.length;
  // What the generators add to the two kernels: their part outside of both.
  const beyond = () => rankOfSpan(generators.map((g) => outside(g, q, p, outputNull, inputNull)));
  let unexplained = found - kernels - beyond();
  if (unexplained > 0) {
    const alone = rankOfSpan(generators);
    generators.push(...joint().within(Int32Array.from({ length: q * p }, (_, at) => place(Math.floor(at / p), at % p))));
    const dimension = rankOfSpan(generators) - alone;
    if (dimension > 0) families.push({ family: 'combinations of several of these and others', dimension });
    unexplained = found - kernels - beyond();
  }
  return {
    layer: name,
    parameters: q * p,
    found,
    expected: rankOfSpan(generators),
    families,
    inputKernel: q * inputNull.length,
    gradientKernel: p * outputNull.length,
    unexplained: Math.max(0, unexplained),
  };
}

/** Null vectors n [p] with J (e_k n^T) = 0 for all k, or m [q] with J (m e_j^T) = 0 for all j. */
function kernel(block: Float64Array, q: number, p: number, rows: number, side: 'inputs' | 'outputs'): Float64Array[] {
  const [width, others] = side === 'inputs' ? [p, q] : [q, p];
  const lines = new Float64Array(rows * others * width);
  for (let k = 0; k < q; k++) {
    for (let j = 0; j < p; j++) {
      const [column, other] = side === 'inputs' ? [j, k] : [k, j];
      for (let r = 0; r < rows; r++) lines[(other * rows + r) * width + column] = block[(k * p + j) * rows + r]!;
    }
  }
  const gram = gramOfRows(lines, rows * others, width);
  const dead = width - countAbove(eigenvaluesOfGram(gram, { residuals: false }).values);
  if (dead === 0) return [];
  const { vectors } = symmetricEigen(gram.hi, width, { vectors: true });
  return Array.from({ length: dead }, (_, i) => vectors!.slice((width - dead + i) * width, (width - dead + i + 1) * width));
}

/** (1 - M M^T) G (1 - N N^T) for G [q, p]. */
function outside(g: Float64Array, q: number, p: number, m: readonly Float64Array[], n: readonly Float64Array[]): Float64Array {
  const out = g.slice();
  for (const v of n) {
    for (let k = 0; k < q; k++) {
      let along = 0;
      for (let j = 0; j < p; j++) along += out[k * p + j]! * v[j]!;
      for (let j = 0; j < p; j++) out[k * p + j]! -= along * v[j]!;
    }
  }
  for (const v of m) {
    for (let j = 0; j < p; j++) {
      let along = 0;
      for (let k = 0; k < q; k++) along += out[k * p + j]! * v[k]!;
      for (let k = 0; k < q; k++) out[k * p + j]! -= along * v[k]!;
    }
  }
  // What is left of a vector that lies inside is roundoff.
  return norm(out) <= NULL * norm(g) ? new Float64Array(out.length) : out;
}

function rankOfSpan(vectors: readonly Float64Array[]): number {
  const kept = vectors.filter((v) => norm(v) > 0).map(unit);
  if (kept.length === 0) return 0;
  const lines = new Float64Array(kept.length * kept[0]!.length);
  kept.forEach((v, i) => lines.set(v, i * v.length));
  return rankOf(lines, kept.length, kept[0]!.length);
}

/** Rank of a matrix [count, length] by the hi + lo Gram of its shorter side. */
function rankOf(lines: Float64Array, count: number, length: number): number {
  const gram = count < length ? dualGramOfRows(lines, count, length) : gramOfRows(lines, count, length);
  return countAbove(eigenvaluesOfGram(gram, { residuals: false }).values);
}

function countAbove(values: Float64Array): number {
  return values.filter((value) => value > NULL ** 2 * values[0]!).length;
}
