import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { cpuOps } from '../../src/numerics/cpu/ops';
import type { TensorOps } from '../../src/numerics/ops';
import { Tape } from '../../src/numerics/tape';
import { attentionBlock, classifier, type Example } from '../numerics/tape.examples';
import { testOps } from './ops';

const held = testOps();

/** The output, and the gradients by every input and the tap for two seeds. */
async function differentiate(ops: TensorOps, { inputs, run }: Example): Promise<Float64Array[]> {
  const { results } = ops.scope(() => {
    const tape = new Tape(ops);
    const vars = inputs.map(({ shape, values }) => tape.lift(ops.constant(values, shape)));
    const { output, tap } = run(tape, vars);
    const shape = tape.shape(output);
    const size = shape.reduce((product, length) => product * length, 1);
    const seeds = [0, 1].map((s) => ops.constant(Float64Array.from({ length: size }, (_, i) => Math.cos(i + s)), shape));
    return { results: [output.value, ...seeds.flatMap((seed) => tape.gradient(output, seed, [...vars, tap]))] };
  });
  return Promise.all(results.map((x) => ops.read(x)));
}

describe('the tape over tfjs agrees with the tape over float64', () => {
  it.each([
    ['an MLP with softmax cross-entropy', classifier],
    ['an attention block', attentionBlock],
  ])('%s', { timeout: 60_000 }, async (_, example) => {
    const expected = await differentiate(cpuOps(), example(new Random(5)));
    const actual = await differentiate(held.ops, example(new Random(5)));
    expect(actual.length).toBe(expected.length);
    expected.forEach((values, which) => {
      const scale = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
      values.forEach((value, i) => expect(Math.abs(actual[which]![i]! - value)).toBeLessThan(50 * held.ops.roundoff * scale));
    });
  });
});
