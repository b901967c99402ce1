/** Networks from ONNX files: the exporter's logits from the file alone, and what is refused by name. */
import { describe, expect, it } from 'vitest';
import { cpuOps, cpuValues } from '../../src/numerics/cpu/ops';
import { modelOf } from './family-files';
import { ONNX_FILES, onnxCheckpoint, onnxLogits, onnxProbe } from './onnx-files';

const ops = cpuOps();

describe.each(ONNX_FILES)('$path', ({ path, of, layers }) => {
  it('gives the logits to 1e-10 in float64', async () => {
    const model = await modelOf(await onnxCheckpoint(path));
    const { inputs } = await onnxProbe(of, model);
    const parameters = await model.parameters();
    const seen: string[] = [];
    const found = cpuValues(model.forward(ops, (key) => ops.constant(parameters.get(key)!.values, parameters.get(key)!.shape), inputs, (layer) => seen.push(layer)));
    const logits = onnxLogits(of);
    expect(found.length).toBe(logits.length);
    const scale = Math.max(...logits.map(Math.abs));
    expect(logits.reduce((most, truth, i) => Math.max(most, Math.abs(found[i]! - truth)), 0) / scale).toBeLessThan(1e-10);
    expect(model.layers.map(({ name }) => name)).toEqual(layers);
    expect([...seen].sort()).toEqual([...layers].sort());
    console.log(model.title, model.evidence, model.transforms, logits.reduce((most, truth, i) => Math.max(most, Math.abs(found[i]! - truth)), 0) / scale, model.layers.map((l) => l.activation));
  });
});
