import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { cpuOps } from '../../src/numerics/cpu/ops';
import type { Ops, Shape, TensorOps, Unary } from '../../src/numerics/ops';
import { Tape } from '../../src/numerics/tape';
import { attentionBlock, classifier, normals } from './tape.examples';

const ops = cpuOps();

/**
 * Compares the gradient of sum(seed * f(inputs)) with central differences in every coordinate of every input.
 * The error of the difference is about h^2 |f'''| / 6 + u |f| / h, 1e-10 for h = 1e-5 and values of order one.
 */
async function expectGradient(f: <T>(ops: Ops<T>, inputs: T[]) => T, inputs: { shape: Shape; values: Float64Array }[], seeds = 1) {
  const tape = new Tape(ops);
  const tensors = inputs.map(({ shape, values }) => ops.constant(values, shape));
  const vars = tensors.map((tensor) => tape.lift(tensor));
  const output = f(tape, vars);
  const random = new Random(11);
  for (let s = 0; s < seeds; s++) {
    const shape = tape.shape(output);
    const seed = normals(random, shape);
    const gradients = tape.gradient(output, ops.constant(seed, shape), vars);
    for (let which = 0; which < inputs.length; which++) {
      expect(ops.shape(gradients[which]!)).toEqual(inputs[which]!.shape);
      const actual = await ops.read(gradients[which]!);
      for (let i = 0; i < actual.length; i++) {
        const value = async (step: number) => {
          const moved = inputs[which]!.values.slice();
          moved[i]! += step;
          const at = tensors.map((tensor, j) => (j === which ? ops.constant(moved, inputs[which]!.shape) : tensor));
          return (await ops.read(f(ops, at))).reduce((sum, y, k) => sum + seed[k]! * y, 0);
        };
        const h = 1e-5;
        const expected = ((await value(h)) - (await value(-h))) / (2 * h);
        expect(Math.abs(actual[i]! - expected)).toBeLessThan(2e-8 * Math.max(1, Math.abs(expected)));
      }
    }
  }
}

const random = new Random(3);
const normal = (...shape: number[]) => ({ shape, values: normals(random, shape) });
/** Away from zero, where division and kinks would spoil the difference. */
const nonzero = (...shape: number[]) => {
  const x = normal(...shape);
  return { shape, values: x.values.map((value) => value + 0.5 * (Math.sign(value) || 1)) };
};
const positive = (...shape: number[]) => {
  const x = nonzero(...shape);
  return { shape, values: x.values.map(Math.abs) };
};

describe('each primitive against central differences', () => {
  const pairs: [number[], number[]][] = [
    [[2, 3], [2, 3]],
    [[2, 3, 4], [4]],
    [[4], [2, 3, 4]],
    [[2, 3, 4], []],
    [[2, 3, 4], [2, 3, 1]],
    [[2, 1, 3], [4, 1]],
    [[1, 1], [2]],
  ];
  it.each(pairs)('add, sub, mul, div of %j and %j', async (p, q) => {
    for (const operation of ['add', 'sub', 'mul', 'div'] as const) {
      await expectGradient((o, [a, b]) => o[operation](a!, b!), [normal(...p), nonzero(...q)]);
    }
  });

  it('an operand used twice', async () => {
    await expectGradient((o, [x]) => o.mul(x!, o.add(x!, o.mul(x!, x!))), [normal(3, 2)]);
  });

  it('affine', async () => {
    await expectGradient((o, [x]) => o.affine(x!, -2.5, 3), [normal(2, 3)]);
  });

  it.each(['exp', 'log', 'sqrt', 'reciprocal', 'tanh', 'sigmoid', 'erf', 'relu', 'step'] as Unary[])('%s', async (f) => {
    await expectGradient((o, [x]) => o.unary(f, x!), [f === 'log' || f === 'sqrt' ? positive(3, 4) : nonzero(3, 4)]);
  });

  const flips = [false, true].flatMap((transposeA) => [false, true].map((transposeB) => ({ transposeA, transposeB })));
  it.each(flips)('matmul %j: matrices, batches, and one matrix for a batch', async (options) => {
    const { transposeA, transposeB } = options;
    const a = (...batch: number[]) => normal(...batch, ...(transposeA ? [4, 3] : [3, 4]));
    const b = (...batch: number[]) => normal(...batch, ...(transposeB ? [2, 4] : [4, 2]));
    const product = <T>(o: Ops<T>, [x, y]: T[]) => o.matmul(x!, y!, options);
    await expectGradient(product, [a(), b()]);
    await expectGradient(product, [a(2, 2), b(2, 2)]);
    await expectGradient(product, [a(2, 3), b()]);
    await expectGradient(product, [a(1), b()]);
  });

  it.each([[[0]], [[1]], [[0, 2]], [[0, 1, 2]], [[]]])('sum over %j, alone and inside an expression', async (axes) => {
    await expectGradient((o, [x]) => o.sum(x!, axes), [normal(2, 3, 4)]);
    await expectGradient((o, [x]) => o.mul(x!, o.sum(o.mul(x!, x!), axes)), [normal(2, 3, 4)]);
    await expectGradient((o, [x]) => o.transpose(o.sum(x!, axes), [2, 0, 1]), [normal(2, 3, 4)]);
  });

  it('reshape, transpose, slice, concat', async () => {
    await expectGradient((o, [x]) => o.unary('tanh', o.reshape(x!, [6, 2])), [normal(3, 4)]);
    await expectGradient((o, [x]) => o.unary('tanh', o.transpose(x!, [2, 0, 1])), [normal(2, 3, 4)]);
    await expectGradient((o, [x]) => o.unary('tanh', o.slice(x!, [1, 0, 2], [1, 3, 2])), [normal(2, 3, 5)]);
    await expectGradient((o, [x, y]) => o.unary('tanh', o.concat([x!, y!, x!], 1)), [normal(2, 3, 2), normal(2, 1, 2)]);
  });

  it('gather, rows taken twice and never', async () => {
    const rows = Int32Array.of(3, 0, 3);
    await expectGradient((o, [x]) => o.unary('tanh', o.gather(x!, rows)), [normal(4, 2, 3)]);
    await expectGradient((o, [x]) => o.unary('tanh', o.gather(x!, rows)), [normal(4)]);
  });

  it('max where it cancels', async () => {
    const softmax = <T>(o: Ops<T>, [x]: T[]) => {
      const e = o.unary('exp', o.sub(x!, o.max(x!, [1])));
      return o.div(e, o.sum(e, [1]));
    };
    await expectGradient(softmax, [normal(3, 4)]);
  });
});

describe('whole networks against central differences', () => {
  it('an MLP with softmax cross-entropy, for several seeds of one forward pass', async () => {
    const { inputs, run } = classifier(random);
    await expectGradient((o, x) => run(o, x).output, [...inputs], 3);
  });

  it('an attention block', async () => {
    const { inputs, run } = attentionBlock(random);
    await expectGradient((o, x) => run(o, x).output, [...inputs], 2);
  });

  it('gives the gradient at an intermediate value: what moving it does to the output', async () => {
    const { inputs, run } = classifier(random);
    const tape = new Tape(ops);
    const vars = inputs.map(({ shape, values }) => tape.lift(ops.constant(values, shape)));
    const { output, tap } = run(tape, vars);
    const [atTap, atBias] = tape.gradient(output, ops.constant([1, 1, 1, 1, 1], [5, 1]), [tap, vars[2]!]);
    // The bias is added to the tap of every sample.
    const rows = await ops.read(ops.sum(atTap!, [0]));
    (await ops.read(atBias!)).forEach((value, i) => expect(value).toBeCloseTo(rows[i]!, 12));
  });
});

/** Counts the calls of every primitive. */
function counting(inner: TensorOps): { ops: TensorOps; calls: Map<string, number> } {
  const calls = new Map<string, number>();
  const entries = Object.entries(inner).map(([name, value]) => {
    if (typeof value !== 'function') return [name, value];
    const counted = (...args: unknown[]) => {
      calls.set(name, (calls.get(name) ?? 0) + 1);
      return (value as (...args: unknown[]) => unknown)(...args);
    };
    return [name, counted];
  });
  return { ops: Object.fromEntries(entries) as TensorOps, calls };
}

describe('what a gradient costs', () => {
  it('visits only what lies between the variables and the output', () => {
    const { ops: counted, calls } = counting(ops);
    const tape = new Tape(counted);
    const layers = 4;
    const width = 3;
    const weights = Array.from({ length: layers }, () => tape.lift(ops.constant(normal(width, width).values, [width, width])));
    let x = tape.lift(ops.constant(normal(5, width).values, [5, width]));
    const taps = weights.map((w) => (x = tape.matmul(tape.unary('tanh', x), w)));
    const seed = ops.constant(normal(5, width).values, [5, width]);
    calls.clear();
    tape.gradient(x, seed, [taps[0]!]);
    // Three layers lie above the first tap, each with one product and no gradient of its weight.
    expect(calls.get('matmul')).toBe(layers - 1);
    calls.clear();
    tape.gradient(x, seed, [taps[layers - 1]!]);
    expect(calls.get('matmul')).toBeUndefined();
    calls.clear();
    tape.gradient(x, seed, [...taps, ...weights]);
    expect(calls.get('matmul')).toBe(2 * layers - 1);
  });

  it('counts what it made, and not what it was given', () => {
    const tape = new Tape(ops);
    const x = tape.lift(ops.constant([1, 2], [2]));
    const y = tape.mul(x, tape.constant([3], []));
    expect(tape.values()).toHaveLength(2);
    expect(tape.values()).toContain(y.value);
    expect(tape.values()).not.toContain(x.value);
  });
});

describe('edges', () => {
  const tape = new Tape(ops);
  const x = tape.lift(ops.constant([1, 2, 3], [3]));
  const y = tape.mul(x, x);
  const unrelated = tape.lift(ops.constant([1, 1], [2]));
  const seed = ops.constant([1, 1, 1], [3]);

  it('gives zeros for what the output does not depend on, or only through max', async () => {
    const later = tape.affine(y, 2, 0);
    const shift = tape.max(x, [0]);
    const gradients = tape.gradient(y, seed, [unrelated, later]);
    expect(await ops.read(gradients[0]!)).toEqual(Float64Array.of(0, 0));
    expect(await ops.read(gradients[1]!)).toEqual(Float64Array.of(0, 0, 0));
    expect(await ops.read(tape.gradient(shift, ops.constant([1], [1]), [x])[0]!)).toEqual(Float64Array.of(0, 0, 0));
  });

  it('gives the seed for the output itself', async () => {
    expect(await ops.read(tape.gradient(y, seed, [y])[0]!)).toEqual(Float64Array.of(1, 1, 1));
  });

  it('refuses a seed of another shape and a variable of another tape', () => {
    expect(() => tape.gradient(y, ops.constant([1], [1]), [x])).toThrow('a seed [1] for an output [3]');
    expect(() => tape.gradient(y, seed, [new Tape(ops).lift(seed)])).toThrow('another tape');
  });
});
