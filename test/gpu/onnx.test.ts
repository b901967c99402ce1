/** The networks of test/model/onnx.test.ts in float32 on a WebGPU adapter: the logits to 1e-5 of the largest. */
import { describe, expect, it } from 'vitest';
import { modelOf } from '../model/family-files';
import { fixture, fixtureProbe, recorded } from '../model/fixture';
import { ONNX_FILES } from '../model/onnx-files';
import { testOps } from './ops';

const held = testOps();

/** One of each network: a pipeline of its own takes seconds to compile in software. */
const FILES = ONNX_FILES.filter(({ path }) => /^(mlp.legacy|convolutional.dynamo|flattened.legacy|channels-last)\./.test(path));

describe.each(FILES)('$path', ({ path, of }) => {
  it('gives the logits to 1e-5', async () => {
    const { ops } = held;
    const model = await modelOf(await fixture(`onnx/${path}`));
    const { inputs } = await fixtureProbe(`onnx/${of}`, model);
    const parameters = await model.parameters();
    const output = ops.scope(() => model.forward(ops, (key) => ops.constant(parameters.get(key)!.values, parameters.get(key)!.shape), inputs, () => {}));
    const values = await ops.read(output);
    ops.dispose(output);
    const logits = recorded(`onnx/${of}.json`).logits;
    expect(values.length).toBe(logits.length);
    expect(logits.reduce((most, truth, i) => Math.max(most, Math.abs(values[i]! - truth)), 0) / Math.max(...logits.map(Math.abs))).toBeLessThan(1e-5);
  });
});
