/** Tensors in tiles of a few values: the contract of every backend, the bits of whole tensors, and no tensor that is larger than a tile. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { gramOfRows } from '../../src/numerics/cpu/gram';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';
import { cpuOps } from '../../src/numerics/cpu/ops';
import type { Ops, Shape, Tensor, TensorOps } from '../../src/numerics/ops';
import { sizeOf } from '../../src/numerics/shape';
import { Tape } from '../../src/numerics/tape';
import { gramOfTiles } from '../../src/numerics/tiled-gram';
import { tiledOps } from '../../src/numerics/tiled-ops';
import { TooLargeError, type Tiled } from '../../src/numerics/tiles';
import { opsContract } from './ops.contract';
import { attentionBlock, classifier, normals, type Example } from './tape.examples';

opsContract('tiles of 2500 values', async () => tiledOps(cpuOps(), 2500), { functionUnits: 40 });

/** The float64 code, which fails where it makes a tensor of more values than that. */
function bounded(most: number): TensorOps {
  const checked = (result: unknown) => {
    const { shape } = (result ?? {}) as Partial<Tensor>;
    if (Array.isArray(shape) && sizeOf(shape) > most) throw new Error(`[${shape}] is larger than a tile.`);
    return result;
  };
  const made = (f: unknown) => (typeof f === 'function' ? (...args: unknown[]) => checked((f as (...args: unknown[]) => unknown)(...args)) : f);
  return Object.fromEntries(Object.entries(cpuOps()).map(([name, f]) => [name, made(f)])) as unknown as TensorOps;
}

const indices = Int32Array.of(6, 0, 3, 3, 8, 1, 0);
type Case = [name: string, shapes: readonly Shape[], run: <T>(ops: Ops<T>, x: readonly T[]) => T];

const flips = [false, true].flatMap((transposeA) => [false, true].map((transposeB) => ({ transposeA, transposeB })));
const swap = (shape: Shape, wanted: boolean): Shape => (wanted ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape);
const pairs: readonly [Shape, Shape][] = [
  [[5, 9], [9, 17]], [[2, 5], [5, 30]], [[30, 5], [5, 2]], [[13, 2], [2, 13]],
  [[2, 3, 3, 5], [5, 17]], [[2, 3, 4, 4], [4, 2]],
  [[4, 7, 3], [4, 3, 7]], [[2, 3, 5, 4], [2, 3, 4, 5]], [[2, 3, 2, 6], [2, 3, 6, 2]], [[2, 3, 2, 30], [2, 3, 30, 2]],
];
const products = pairs.flatMap(([a, b]) =>
  flips.map((o): Case => [
    `${JSON.stringify(a)} times ${JSON.stringify(b)} ${JSON.stringify(o)}`,
    [swap(a, o.transposeA), swap(b, o.transposeB)],
    (ops, [x, y]) => ops.matmul(x!, y!, o),
  ]),
);

const CASES: readonly Case[] = [
  ...products,
  ['rows and columns broadcast to more than a tile', [[9, 1], [9]], (ops, [x, y]) => ops.mul(x!, y!)],
  ['tiled columns with rows', [[3, 50], [3, 1]], (ops, [x, y]) => ops.sub(x!, y!)],
  ['a tiled row under all rows', [[7, 4], [1, 4]], (ops, [x, y]) => ops.div(ops.transpose(ops.reshape(x!, [4, 7]), [1, 0]), y!)],
  ['a vector that is tiled', [[40], [3, 1]], (ops, [x, y]) => ops.add(x!, y!)],
  ['sums along tiles', [[9, 6]], (ops, [x]) => ops.sum(x!, [0])],
  ['sums within tiles', [[9, 6]], (ops, [x]) => ops.sum(x!, [1])],
  ['sums of a middle axis', [[3, 5, 7]], (ops, [x]) => ops.sum(x!, [1])],
  ['sums of two axes', [[3, 5, 7]], (ops, [x]) => ops.sum(x!, [0, 2])],
  ['the largest of all', [[9, 6]], (ops, [x]) => ops.max(x!, [0, 1])],
  ['the largest of a vector', [[60]], (ops, [x]) => ops.max(x!, [0])],
  ['a softmax of rows', [[2, 5], [5, 30]], (ops, [x, y]) => {
    const logits = ops.matmul(x!, y!);
    const exps = ops.unary('exp', ops.sub(logits, ops.max(logits, [1])));
    return ops.div(exps, ops.sum(exps, [1]));
  }],
  ['rows split', [[6, 15]], (ops, [x]) => ops.reshape(x!, [2, 3, 15])],
  ['rows joined', [[6, 2, 5]], (ops, [x]) => ops.reshape(x!, [12, 5])],
  ['rows of other lengths', [[9, 8]], (ops, [x]) => ops.reshape(x!, [6, 12])],
  ['columns split', [[5, 5], [5, 12]], (ops, [x, y]) => ops.reshape(ops.matmul(x!, y!), [5, 3, 4])],
  ['columns through a new axis', [[2, 5], [5, 30]], (ops, [x, y]) => ops.reshape(ops.matmul(x!, y!), [2, 1, 30])],
  ['a stack of matrices, turned', [[3, 5, 7]], (ops, [x]) => ops.transpose(x!, [2, 0, 1])],
  ['a slice in some tiles', [[9, 6]], (ops, [x]) => ops.slice(x!, [1, 2], [4, 3])],
  ['a slice of tiles', [[9, 6]], (ops, [x]) => ops.slice(x!, [2, 0], [7, 5])],
  ['a slice of nothing', [[9, 6]], (ops, [x]) => ops.slice(x!, [2, 0], [0, 5])],
  ['joined along tiles', [[9, 6], [1, 6], [5, 6]], (ops, x) => ops.concat(x, 0)],
  ['joined across tiles', [[9, 6], [9, 1], [9, 4]], (ops, x) => ops.concat(x, 1)],
  ['small ones that become large', [[3, 4], [5, 4], [3, 4]], (ops, x) => ops.concat(x, 0)],
  ['rows of a tiled table', [[9, 3]], (ops, [x]) => ops.gather(x!, indices.subarray(0, 5))],
  ['more rows than a tile has', [[9, 6]], (ops, [x]) => ops.gather(x!, indices)],
  ['rows of a table in columns', [[30, 9]], (ops, [x]) => ops.gather(ops.transpose(x!, [1, 0]), indices.subarray(0, 1))],
  ['rows of a tiled vector', [[30]], (ops, [x]) => ops.gather(x!, indices)],
  ['no rows', [[9, 6]], (ops, [x]) => ops.gather(x!, new Int32Array(0))],
];

/** Values of one tensor at most. */
const MOST = 36;

describe('tiles give the bits of the whole', () => {
  it.each(CASES)('%s', async (_, shapes, run) => {
    const values = shapes.map((shape) => normals(new Random(3), shape));
    const by = (ops: TensorOps) => {
      const y = ops.scope(() => run(ops, shapes.map((shape, i) => ops.constant(values[i]!, shape))));
      return { shape: ops.shape(y), values: ops.read(y) };
    };
    const [whole, tiled] = [by(cpuOps()), by(tiledOps(bounded(MOST), MOST))];
    expect(tiled.shape).toEqual(whole.shape);
    expect(await tiled.values).toEqual(await whole.values);
  });

  it('sums all of a tiled tensor up to rounding', async () => {
    const ops = tiledOps(bounded(MOST), MOST);
    const values = normals(new Random(1), [9, 20]);
    const [sum] = await ops.read(ops.sum(ops.constant(values, [9, 20]), [0, 1]));
    expect(sum).toBeCloseTo(values.reduce((a, b) => a + b, 0), 12);
  });
});

describe('the tape over tiles', () => {
  const differentiate = async (ops: TensorOps, { inputs, run }: Example) => {
    const { results } = ops.scope(() => {
      const tape = new Tape(ops);
      const vars = inputs.map(({ shape, values }) => tape.lift(ops.constant(values, shape)));
      const { output, tap } = run(tape, vars);
      const seed = ops.constant(Float64Array.from({ length: sizeOf(tape.shape(output)) }, (_, i) => Math.cos(i)), tape.shape(output));
      return { results: [output.value, ...tape.gradient(output, seed, [...vars, tap])] };
    });
    return Promise.all(results.map((x) => ops.read(x)));
  };

  it.each([
    ['an MLP with softmax cross-entropy', classifier, 15],
    ['an attention block', attentionBlock, 12],
  ] as const)('has the gradients of %s', async (_, example, most) => {
    expect(await differentiate(tiledOps(bounded(most), most), example(new Random(5)))).toEqual(await differentiate(cpuOps(), example(new Random(5))));
  });
});

it.each([['rows', false], ['columns', true]] as const)('sums the Grams of a tap in tiles of %s', async (_, turned) => {
  const [rows, d] = [31, 7];
  const { gram } = cpuNumerics();
  const ops = tiledOps(bounded(MOST), MOST);
  const values = normals(new Random(2), [rows, d]);
  const x = turned
    ? ops.transpose(ops.constant(Float64Array.from({ length: rows * d }, (_, i) => values[(i % rows) * d + Math.floor(i / rows)]!), [d, rows]), [1, 0])
    : ops.constant(values, [rows, d]);
  expect((x as Tiled).axis).toBe(turned ? 1 : 0);
  const coming = gramOfTiles(ops, x as Tiled, MOST, (part) => gram(part));
  ops.dispose(x);
  const [found, whole] = [await coming, gramOfRows(values, rows, d)];
  expect(found).toMatchObject({ dimension: d, rows });
  found.hi.forEach((value, i) => expect(value).toBeCloseTo(whole.hi[i]!, 13));
});

it('refuses what no tile holds, by its shape', () => {
  const ops = tiledOps(cpuOps(), 10);
  const row = ops.constant(new Float64Array(24), [2, 12]);
  expect(() => ops.matmul(row, row, { transposeB: true })).toThrow(TooLargeError);
  expect(() => ops.constant(new Float64Array(144), [12, 12])).toThrow('[12, 12] is too large for the GPU, which holds 10 values in one piece');
  expect(() => ops.reshape(row, [1, 2, 12])).not.toThrow();
});
