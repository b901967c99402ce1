/** The networks of test/fixtures/make_networks.py. */
import { Random } from '../../src/base/random';
import type { Batch, Model } from '../../src/model/types';

/** Files, the name of their inputs and logits, and the activations of their layers. */
export const NETWORK_FILES = [
  { path: 'mobilenet-v2.legacy.onnx', of: 'mobilenet-v2', activations: ['linear', 'relu6'] },
  { path: 'mobilenet-v3.legacy.onnx', of: 'mobilenet-v3', activations: ['hard_sigmoid', 'hard_swish', 'linear', 'relu'] },
  { path: 'mobilenet-v3.dynamo.onnx', of: 'mobilenet-v3', activations: ['hard_sigmoid', 'hard_swish', 'linear', 'relu'] },
  { path: 'efficientnet.legacy.onnx', of: 'efficientnet', activations: ['linear', 'sigmoid', 'silu'] },
  { path: 'efficientnet.dynamo.onnx', of: 'efficientnet', activations: ['linear', 'sigmoid', 'silu'] },
  { path: 'densenet.legacy.onnx', of: 'densenet', activations: ['linear', 'relu'] },
  { path: 'convnext.legacy.onnx', of: 'convnext', activations: ['gelu', 'linear'] },
  { path: 'googlenet.legacy.onnx', of: 'googlenet', activations: ['linear', 'relu'] },
  { path: 'vgg.legacy.onnx', of: 'vgg', activations: ['linear', 'relu'] },
  { path: 'regnet.legacy.onnx', of: 'regnet', activations: ['linear', 'relu', 'sigmoid'] },
  { path: 'operators.legacy.onnx', of: 'operators', activations: ['elu(0.7)', 'leaky_relu(0.2)', 'linear', 'sigmoid', 'softplus'] },
  { path: 'operators.dynamo.onnx', of: 'operators', activations: ['elu(0.7)', 'leaky_relu(0.2)', 'linear', 'sigmoid', 'softplus'] },
] as const;

/**
 * Of different contrast and colour: else what is behind a mean over all pixels would hardly change.
 * @param times rows of the Jacobian under cross-entropy by its columns
 */
export async function pictures({ input, outputs, parameters }: Model, times: number): Promise<Batch> {
  if (input.kind !== 'vector' || !input.image) throw new Error('no images');
  const { channels, height, width } = input.image;
  const size = [...(await parameters())].reduce((sum, [name, { values }]) => (/running_/.test(name) ? sum : sum + values.length), 0);
  const samples = Math.ceil((times * size) / (outputs - 1));
  const random = new Random(7);
  const values = new Float64Array(samples * input.width);
  for (let i = 0; i < samples; i++) {
    const contrast = Math.exp(0.7 * random.normal());
    for (let c = 0; c < channels; c++) {
      const colour = 0.7 * random.normal();
      for (let p = 0; p < height * width; p++) values[(i * channels + c) * height * width + p] = contrast * random.normal() + colour;
    }
  }
  return { kind: 'vector', values, samples, width: input.width };
}
