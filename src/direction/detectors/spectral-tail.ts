/**
 * The tails of a layer's spectra as directions of its weights: W += m n^T with n in the null space of the inputs (flat on this probe), and
 * with m in the null space of the gradients (dead at first order: the candidates for singular directions). The other factor is the top
 * direction of the other side.
 */
import { DirectionBuilder } from '../../model/symmetries/symmetry';
import { gramOfRows } from '../../numerics/cpu/gram';
import { symmetricEigen } from '../../numerics/symmetric-eigen';
import type { Candidate } from '../types';
import type { Detector, LayerTaps } from './detector';

/** Eigenvalues at or under this times the largest belong to the null space (singular values under 1e-6). */
const NULL = 1e-12;
const AT_ONE_SIDE = 4;

export const spectralTail: Detector = {
  key: 'spectral-tail',
  title: 'tail of a spectrum',
  *find({ taps, parameters }): Iterable<Candidate> {
    for (const tap of taps) {
      const inputs = eigen(tap.inputs, tap.rows, tap.width);
      const outputs = eigen(tap.gradients, tap.rows, tap.layer.width);
      if (!inputs || !outputs) continue;
      for (const k of tail(inputs.values)) {
        yield candidate(tap, parameters, outputs.vector(0), inputs.vector(k), `kernel of the activations (value ${k + 1} of ${tap.width}) against the top of the gradients`);
      }
      for (const k of tail(outputs.values)) {
        yield candidate(tap, parameters, outputs.vector(k), inputs.vector(0), `top of the activations against the kernel of the gradients (value ${k + 1} of ${tap.layer.width})`);
      }
    }
  },
};

function eigen(rows: Float64Array, count: number, width: number) {
  const { values, vectors } = symmetricEigen(gramOfRows(rows, count, width).hi, width, { vectors: true });
  if (!(values[0]! > 0)) return null;
  return { values, vector: (k: number) => vectors!.subarray(k * width, (k + 1) * width) };
}

/** The last few of the null eigenvalues. */
function tail(values: Float64Array): number[] {
  return Array.from(values.keys()).filter((k) => values[k]! <= NULL * values[0]!).slice(-AT_ONE_SIDE);
}

/** W += m n^T, and the bias by the last component of n where there is one. */
function candidate({ layer }: LayerTaps, parameters: Parameters<Detector['find']>[0]['parameters'], m: Float64Array, n: Float64Array, note: string): Candidate {
  const { weight, inputAxis, bias } = layer.dense!;
  const direction = new DirectionBuilder(parameters);
  const inputs = n.length - (bias === null ? 0 : 1);
  for (let j = 0; j < inputs; j++) direction.addValues({ name: weight, axis: inputAxis }, j, m.map((x) => x * n[j]!));
  if (bias !== null) direction.addVector(bias, m.map((x) => x * n[inputs]!));
  return { detector: spectralTail.key, layer: layer.name, note, vector: direction.vector, fromProbe: true };
}
