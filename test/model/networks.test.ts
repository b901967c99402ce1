/** Image networks of torchvision: its logits from the file alone, and a gauge audit in which every null dimension of the small network is explained. */
import { describe, expect, it } from 'vitest';
import { cpuOps, cpuValues } from '../../src/numerics/cpu/ops';
import { modelOf } from './family-files';
import { fixture, fixtureProbe, recorded } from './fixture';
import { NETWORK_FILES, pictures } from './network-files';
import { audit } from './null-space';

describe.each(NETWORK_FILES)('$path', ({ path, of, activations }) => {
  it('gives the logits to 1e-10 in float64', async () => {
    const ops = cpuOps();
    const model = await modelOf(await fixture(`networks/${path}`));
    const { inputs } = await fixtureProbe(`networks/${of}`, model);
    const parameters = await model.parameters();
    const found = cpuValues(model.forward(ops, (key) => ops.constant(parameters.get(key)!.values, parameters.get(key)!.shape), inputs, () => {}));
    const logits = recorded(`networks/${of}.json`).logits;
    expect(found.length).toBe(logits.length);
    expect(logits.reduce((most, truth, i) => Math.max(most, Math.abs(found[i]! - truth)), 0) / Math.max(...logits.map(Math.abs))).toBeLessThan(1e-10);
    expect([...new Set(model.layers.map(({ activation }) => activation))].sort()).toEqual(activations);
  });
});

describe('every null dimension under cross-entropy', { timeout: 120_000 }, () => {
  it.each([
    ['mobilenet-v2.legacy.onnx', 1.4, 1e-9],
    ['mobilenet-v3.legacy.onnx', 1.4, 1e-9],
    ['efficientnet.legacy.onnx', 1.4, 1e-9],
    ['convnext.legacy.onnx', 1.4, 1e-13],
    ['googlenet.legacy.onnx', 1.4, 1e-9],
    // Units that are seldom on show all of their weights only to more pictures.
    ['densenet.legacy.onnx', 2, 1e-9],
    ['vgg.legacy.onnx', 4, 1e-9],
    ['regnet.legacy.onnx', 2, 1e-9],
    ['operators.legacy.onnx', 2, 1e-9],
  ] as const)('%s', async (path, times, cut) => {
    const model = await modelOf(await fixture(`networks/${path}`));
    const { nullity, span } = await audit(model, await pictures(model, times), 'ce', cut);
    expect(span).toBe(nullity);
  });
});
