/**
 * A rotation of the stream that passes a LayerNorm whose output is not only read by linear maps, x <- LN(x + branch(x)): the one direction in which a
 * diagonal gamma follows it. With P the projection off (1, ..., 1), rotations on both sides leave only the d - 1 eigenvalues of P gamma P, which are
 * the critical points of p(x) = prod_j (x - gamma_j); p + const has the same ones, so that gamma may move by
 *   d gamma_j = 1 / prod_(i != j) (gamma_j - gamma_i)      and the stream turns by      X_ij = (d gamma_i + d gamma_j) / (2 (gamma_i - gamma_j)),
 * antisymmetric with X 1 = 0, since X gamma + (1 a^T + a 1^T) - gamma X = diag(d gamma) for a = d gamma / 2, and n . 1 = 0: what is left is 1 (a . n),
 * which the norm behind takes out and the linear readers take back. A second such norm in the stream would have to turn by the same X.
 */
import { column, input, vector, type NormSite } from './norms';
import { turnBehind, type Writer } from './streams';
import { DirectionBuilder, type Direction, type Parameters, type Port, type Symmetry } from './symmetry';

export interface TurnedStream {
  /** What makes the stream before the norm, and what reads it as it is. */
  readonly before: { readonly writers: readonly Writer[]; readonly readers: readonly Port[] };
  readonly norm: NormSite;
  /** What is added to its output. */
  readonly written: readonly Writer[];
  /** The norm behind, which linear maps alone read. */
  readonly last: NormSite;
}

export function scaleRotation(stream: TurnedStream): Symmetry {
  return { family: 'rotation that a norm scale follows', layer: stream.norm.layer, dimension: 1, generators: (parameters) => [turn(stream, parameters)] };
}

function turn({ before, norm, written, last }: TurnedStream, parameters: Parameters): Direction {
  const { width } = norm;
  const direction = new DirectionBuilder(parameters);
  const gamma = parameters.get(norm.scale!)!.values;
  const followed = followedTurn(gamma);
  // Equal scales turn among themselves, and nothing else does.
  if (followed === null) return direction.vector;
  const { move, turn: turned } = followed;
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < width; j++) {
      if (i === j) continue;
      const x = turned(i, j);
      for (const port of [...before.writers, ...written]) direction.addLine(port, i, j, x);
      for (const port of [...before.readers, ...norm.readers.map(input)]) direction.addLine(port, j, i, -x);
      if (norm.shift !== null) direction.addLine(vector(norm.shift), i, j, x);
      turnBehind(direction, last, i, j, x);
    }
  }
  direction.addVector(norm.scale!, move);
  const beta = norm.shift === null ? null : parameters.get(norm.shift)!.values;
  for (const reader of norm.readers) {
    const sums = new Float64Array(reader.outputs);
    for (let j = 0; j < width; j++) column(direction, reader, j).forEach((weight, k) => (sums[k]! += weight));
    for (let j = 0; j < width; j++) {
      const a = move[j]! / (2 * gamma[j]!);
      direction.addValues(input(reader), j, sums.map((sum) => -sum * a));
      if (beta && reader.bias !== null) direction.addVector(reader.bias, sums.map((sum) => sum * a * beta[j]!));
    }
  }
  return direction.vector;
}

/** The turn X that scales follow, and how they move; null where two are equal. */
export function followedTurn(gamma: ArrayLike<number>): { move: Float64Array; turn(i: number, j: number): number } | null {
  const move = moveOf(gamma);
  return move && { move, turn: (i, j) => (i === j ? 0 : (move[i]! + move[j]!) / (2 * (gamma[i]! - gamma[j]!))) };
}

/** 1 / prod_(i != j) (gamma_j - gamma_i), the largest of size 1; null where two are equal. */
function moveOf(gamma: ArrayLike<number>): Float64Array | null {
  const logs = Float64Array.from(gamma, (g, j) => Array.from(gamma).reduce((sum, h, i) => (i === j ? sum : sum - Math.log(Math.abs(g - h))), 0));
  const most = logs.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!Number.isFinite(most)) return null;
  return logs.map((log, j) => Math.exp(log - most) * Array.from(gamma).reduce((sign, h) => (h > gamma[j]! ? -sign : sign), 1));
}
