/** The families of test/model/families.test.ts in float32 on a WebGPU adapter: the library's logits to 1e-5 of the largest. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ADAPTED, CONVOLUTIONS, FAMILIES, FOLDER, familyModel, familyProbe, type Paths } from '../model/family-files';
import { testOps } from './ops';

const held = testOps();

describe.each<{ name: string; path: Paths }>([...FAMILIES, ...ADAPTED, ...CONVOLUTIONS])('$name', ({ name, path }) => {
  it("gives the library's logits to 1e-5", async () => {
    const { ops } = held;
    const model = await familyModel(path);
    const { inputs } = await familyProbe(name, model);
    const parameters = await model.parameters();
    const output = ops.scope(() => model.forward(ops, (key) => ops.constant(parameters.get(key)!.values, parameters.get(key)!.shape), inputs, () => {}));
    const values = await ops.read(output);
    ops.dispose(output);
    const { logits } = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as { logits: number[] };
    const scale = Math.max(...logits.map(Math.abs));
    expect(values.length).toBe(logits.length);
    expect(logits.reduce((most, truth, i) => Math.max(most, Math.abs(values[i]! - truth)), 0) / scale).toBeLessThan(1e-5);
  });
});
