/** The gauge audit of small random models of real families: every null dimension of every layer is explained. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { ArcMap } from '../../src/direction/arc-map';
import { ArcReader } from '../../src/direction/arc-order';
import { auditLayers } from '../../src/direction/audit';
import { modelOutputs } from '../../src/direction/output-map';
import type { Batch } from '../../src/model/types';
import { cpuOps } from '../../src/numerics/cpu/ops';
import { FAMILIES, familyCheckpoint, modelOf } from '../model/family-files';

const ops = cpuOps();

describe.each(FAMILIES.filter(({ name }) => ['gpt2', 'qwen2'].includes(name)))('$name', ({ name, path, layer }) => {
  it('explains every null dimension of every layer', { timeout: 120_000 }, async () => {
    const checkpoint = await familyCheckpoint(path);
    const model = await modelOf({ ...checkpoint, tensors: new Map([...checkpoint.tensors].filter(([tensor]) => !layer?.test(tensor))) });
    const parameters = await model.parameters();
    const random = new Random(3);
    const [samples, positions] = [14, 10];
    const ids = Int32Array.from({ length: samples * positions }, (_, i) => (i < model.outputs ? i : Math.floor(model.outputs * random.uniform())));
    const inputs: Batch = { kind: 'tokens', ids, samples, positions };
    const map = await ArcMap.open(ops, modelOutputs(model, parameters, inputs, { loss: 'ce' }));
    const reader = await ArcReader.open(map, { seed: 0 });
    try {
      const lines = [...auditLayers(map, (await reader.tangent.jacobian())!, model.layers, model.symmetries(), parameters, 'ce')];
      expect(lines.length).toBe(model.layers.filter(({ dense }) => dense).length);
      for (const line of lines) expect(line.unexplained, `${line.layer}: ${JSON.stringify(line)}`).toBe(0);
      // The shift of the values goes into the output bias, whose mean the norms do not see: together they stay in the values.
      const combined = lines.filter(({ families }) => families.some(({ family }) => family.startsWith('combinations')));
      expect(combined.map((line) => line.layer)).toEqual(name === 'gpt2' ? ['transformer.h.0.attn.c_attn.v'] : []);
    } finally {
      reader.dispose();
    }
  });
});
