/** The models of test/fixtures/make_keras.py, make_keras2.py (Keras, float64) and make_tfjs.mjs (TensorFlow.js, float32), with what their libraries compute. */
import type { Model } from '../../src/model/types';
import { cpuOps, cpuValues } from '../../src/numerics/cpu/ops';
import { fixture, type Recorded } from './fixture';

export const KERAS = [
  { name: 'mlp', files: ['mlp.keras', 'mlp.h5'] },
  { name: 'residual', files: ['residual.keras', 'residual.h5'] },
  { name: 'windows', files: ['windows.keras'] },
  { name: 'sequence', files: ['sequence.keras'] },
  { name: 'keras2', files: ['keras2.keras', 'keras2.h5'] },
] as const;

/** The networks of test/fixtures/make_applications.py, and the activations of their layers. */
export const APPLICATIONS = [
  { name: 'mobilenet-v2', files: ['mobilenet-v2.keras'], activations: ['linear', 'relu6'] },
  { name: 'mobilenet-v3', files: ['mobilenet-v3.keras'], activations: ['hard_swish', 'linear', 'relu', 'relu6'] },
  { name: 'efficientnet', files: ['efficientnet.keras'], activations: ['linear', 'sigmoid', 'silu'] },
  { name: 'resnet-v1', files: ['resnet-v1.keras', 'resnet-v1.h5'], activations: ['linear', 'relu'] },
  { name: 'resnet-v2', files: ['resnet-v2.keras'], activations: ['linear', 'relu'] },
  { name: 'operators', files: ['operators.keras'], activations: ['clip(0, 1)', 'elu', 'hard_sigmoid', 'leaky_relu(0.25)', 'linear'] },
] as const;

export const TFJS = ['plain', 'uint8', 'uint16', 'float16', 'converted'] as const;

export async function inputsOf(name: string): Promise<Float64Array> {
  return Float64Array.from(await (await fixture(`keras/${name}.probe.npz`)).tensors.get('inputs')!.values());
}

/** Logits in float64 on the CPU. */
export async function logitsOf(model: Model, values: Float64Array): Promise<Float64Array> {
  const ops = cpuOps();
  const parameters = await model.parameters();
  const width = model.input.kind === 'vector' ? model.input.width : 1;
  const batch = { kind: 'vector', values, samples: values.length / width, width } as const;
  return cpuValues(model.forward(ops, (key) => ops.constant(parameters.get(key)!.values, parameters.get(key)!.shape), batch, () => {}));
}

/**
 * The largest difference, in units of the largest logit.
 * @param shared leave out what all logits of a row share: of the logarithms of probabilities
 */
export function deviation(found: Float64Array, truth: Recorded, shared = false): number {
  const [rows, columns] = truth.shape as [number, number];
  const centred = (values: ArrayLike<number>) =>
    Float64Array.from({ length: rows * columns }, (_, i) => {
      const row = Array.from({ length: columns }, (__, k) => values[Math.floor(i / columns) * columns + k]!);
      return values[i]! - (shared ? row.reduce((a, b) => a + b, 0) / columns : 0);
    });
  if (found.length !== rows * columns) return Infinity;
  const [a, b] = [centred(found), centred(truth.logits)];
  return a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0) / b.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
}
