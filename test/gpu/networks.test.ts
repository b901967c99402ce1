/** Image networks of torchvision and keras.applications in float32 on a WebGPU adapter: their library's logits to 1e-5 of the largest. */
import { describe, expect, it } from 'vitest';
import type { Model } from '../../src/model/types';
import type { ProbeInputs } from '../../src/probe/types';
import { modelOf } from '../model/family-files';
import { fixture, fixtureProbe, recorded } from '../model/fixture';
import { APPLICATIONS, deviation } from '../model/keras-files';
import { NETWORK_FILES } from '../model/network-files';
import { testOps } from './ops';

const held = testOps();

async function logitsOnGpu(model: Model, inputs: ProbeInputs): Promise<Float64Array> {
  const { ops } = held;
  const parameters = await model.parameters();
  const output = ops.scope(() => model.forward(ops, (key) => ops.constant(parameters.get(key)!.values, parameters.get(key)!.shape), inputs, () => {}));
  const logits = await ops.read(output);
  ops.dispose(output);
  return logits;
}

describe('logits to 1e-5', () => {
  it.each(NETWORK_FILES.filter(({ path }) => /^(mobilenet-v3|convnext|operators)\.legacy/.test(path)))('$path', async ({ path, of }) => {
    const model = await modelOf(await fixture(`networks/${path}`));
    const found = await logitsOnGpu(model, (await fixtureProbe(`networks/${of}`, model)).inputs);
    const logits = recorded(`networks/${of}.json`).logits;
    expect(deviation(found, { logits, shape: [logits.length / model.outputs, model.outputs] })).toBeLessThan(1e-5);
  });

  it.each(APPLICATIONS.filter(({ name }) => name === 'mobilenet-v2' || name === 'operators'))('Keras, $name', async ({ name, files }) => {
    const model = await modelOf(await fixture(`applications/${files[0]}`));
    const values = Float64Array.from(await (await fixture(`applications/${name}.probe.npz`)).tensors.get('inputs')!.values());
    const width = model.input.kind === 'vector' ? model.input.width : 1;
    const found = await logitsOnGpu(model, { kind: 'vector', values, samples: values.length / width, width });
    expect(deviation(found, recorded(`applications/${name}.json`))).toBeLessThan(1e-5);
  });
});
