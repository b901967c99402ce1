import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { cpuOps } from '../../src/numerics/cpu/ops';
import type { Ops, Shape, Tensor, TensorOps, Unary } from '../../src/numerics/ops';
import { Tape } from '../../src/numerics/tape';
import { attentionBlock, classifier, type Example, normals } from './tape.examples';

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
    await expectGradient((o, [x]) => o.reshape(o.sum(o.transpose(x!, [2, 0, 1]), axes), [-1].map(() => 24 / axes.reduce((n, i) => n * [4, 2, 3][i]!, 1))), [
      normal(2, 3, 4),
    ]);
  });

  it('reshape, transpose, slice, concat', async () => {
    await expectGradient((o, [x]) => o.unary('tanh', o.reshape(x!, [6, 2])), [normal(3, 4)]);
    await expectGradient((o, [x]) => o.unary('tanh', o.transpose(x!, [2, 0, 1])), [normal(2, 3, 4)]);
    await expectGradient((o, [x]) => o.unary('tanh', o.slice(x!, [1, 0, 2], [1, 3, 2])), [normal(2, 3, 5)]);
    await expectGradient((o, [x, y]) => o.unary('tanh', o.concat([x!, y!, x!], 1)), [normal(2, 3, 2), normal(2, 1, 2)]);
  });

  it('max where it cancels', async () => {
    const logSumExp = <T>(o: Ops<T>, [x]: T[]) => {
      const top = o.max(x!, [1]);
      return o.add(o.unary('log', o.sum(o.unary('exp', o.sub(x!, top)), [1])), top);
    };
    // The gradient misses that of the added maximum, so only the difference to it is differentiated.
    await expectGradient((o, [x, y]) => o.sub(logSumExp(o, [x!]), logSumExp(o, [y!])), []);
    const softmax = <T>(o: Ops<T>, [x]: T[]) => {
      const e = o.unary('exp', o.sub(x!, o.max(x!, [1])));
      return o.div(e, o.sum(e, [1]));
    };
    await expectGradient(softmax, [normal(3, 4)]);
  });
});
