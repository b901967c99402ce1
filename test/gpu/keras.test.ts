/** The models of test/model/keras.test.ts in float32 on a WebGPU adapter: their library's logits to 1e-5 of the largest. */
import { describe, expect, it } from 'vitest';
import type { Model } from '../../src/model/types';
import { modelOf } from '../model/family-files';
import { fixture, recorded } from '../model/fixture';
import { deviation, inputsOf, KERAS, TFJS } from '../model/keras-files';
import { testOps } from './ops';

const held = testOps();

async function logitsOnGpu(model: Model, values: Float64Array): Promise<Float64Array> {
  const { ops } = held;
  const parameters = await model.parameters();
  const width = model.input.kind === 'vector' ? model.input.width : 1;
  const batch = { kind: 'vector', values, samples: values.length / width, width } as const;
  const output = ops.scope(() => model.forward(ops, (key) => ops.constant(parameters.get(key)!.values, parameters.get(key)!.shape), batch, () => {}));
  const logits = await ops.read(output);
  ops.dispose(output);
  return logits;
}

describe('logits to 1e-5', () => {
  it.each(KERAS)('Keras, $name', async ({ name, files }) => {
    const model = await modelOf(await fixture(`keras/${files[0]}`));
    expect(deviation(await logitsOnGpu(model, await inputsOf(name)), recorded(`keras/${name}.json`), name === 'keras2')).toBeLessThan(1e-5);
  });

  it.each(TFJS)('TensorFlow.js, %s', async (name) => {
    const truth = recorded(`tfjs/${name}.json`);
    const model = await modelOf(await fixture(`tfjs/${name}`));
    expect(deviation(await logitsOnGpu(model, Float64Array.from(truth.inputs!)), truth, true)).toBeLessThan(1e-5);
  });
});
