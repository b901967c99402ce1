/** What every `TensorOps` promises, run on any of them: against naive references, to a few units of its own roundoff. */
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import type { Shape, Tensor, TensorOps, Unary } from '../../src/numerics/ops';
import { at, fold, matmul, type Naive, tabulate } from './naive';

export interface ContractOptions {
  /** How far elementary functions may be off, in absolute units of roundoff for results of order one. */
  functionUnits: number;
}

export function opsContract(title: string, open: () => Promise<TensorOps>, { functionUnits }: ContractOptions): void {
  let ops: TensorOps;
  let random: Random;

  beforeAll(async () => {
    ops = await open();
    random = new Random(7);
  });

  /** Standard normal values that are exact in float32. */
  const normal = (shape: Shape): Naive => tabulate(shape, () => Math.fround(random.normal()));
  const tensor = (x: Naive): Tensor => ops.constant(x.values, x.shape);
  const expectClose = async (actual: Tensor, expected: Naive, units: number) => {
    expect(ops.shape(actual)).toEqual(expected.shape);
    const values = await ops.read(actual);
    expect(values).toBeInstanceOf(Float64Array);
    expect(values.length).toBe(expected.values.length);
    let worst = 0;
    expected.values.forEach((value, i) => (worst = Math.max(worst, Math.abs(values[i]! - value) / Math.max(1, Math.abs(value)))));
    expect(worst / ops.roundoff).toBeLessThanOrEqual(units);
  };

  // A software GPU takes about half a second to compile a new shader of a matrix product.
  describe(title, { timeout: 30_000 }, () => {
    it('keeps a copy of what constants are made from', async () => {
      const source = Float64Array.of(1, 2, 3, 4);
      const x = ops.constant(source, [2, 2]);
      source.fill(9);
      expect(await ops.read(x)).toEqual(Float64Array.of(1, 2, 3, 4));
      const first = await ops.read(x);
      first.fill(0);
      expect(await ops.read(x)).toEqual(Float64Array.of(1, 2, 3, 4));
      expect(await ops.read(ops.constant([5], []))).toEqual(Float64Array.of(5));
      expect(await ops.read(ops.constant(Float32Array.of(0.5, -0.25), [2]))).toEqual(Float64Array.of(0.5, -0.25));
    });

    const pairs: [Shape, Shape][] = [
      [[3, 4], [3, 4]],
      [[5, 3, 4], [4]],
      [[4], [5, 3, 4]],
      [[5, 3, 4], []],
      [[], [2, 3]],
      [[], []],
      [[5, 3, 4], [5, 3, 1]],
      [[5, 1, 4], [3, 1]],
      [[2, 3, 4, 5], [4, 5]],
      [[2, 1, 4, 1], [1, 3, 1, 5]],
      [[300, 7], [1, 7]],
      [[6, 130], [130]],
      [[1, 1], [1]],
    ];
    it.each(pairs)('broadcasts %j with %j', async (p, q) => {
      const a = normal(p);
      const b = tabulate(q, () => Math.fround(1.5 + random.uniform()) * (random.uniform() < 0.5 ? -1 : 1));
      const rank = Math.max(p.length, q.length);
      const shape = Array.from({ length: rank }, (_, i) => Math.max(p[p.length - rank + i] ?? 1, q[q.length - rank + i] ?? 1));
      const result = (f: (x: number, y: number) => number) => tabulate(shape, (index) => f(at(a, index), at(b, index)));
      const [x, y] = [tensor(a), tensor(b)];
      await expectClose(ops.add(x, y), result((u, v) => u + v), 2);
      await expectClose(ops.sub(x, y), result((u, v) => u - v), 2);
      await expectClose(ops.mul(x, y), result((u, v) => u * v), 2);
      await expectClose(ops.div(x, y), result((u, v) => u / v), 6);
    });

    it('scales and shifts', async () => {
      const x = normal([3, 5]);
      for (const [scale, shift] of [[2, -1], [1, 0.5], [-0.25, 0], [1, 0], [0, 3]] as const) {
        await expectClose(ops.affine(tensor(x), scale, shift), tabulate([3, 5], (i) => scale * at(x, i) + shift), 4);
      }
    });

    const functions: Record<Unary, { f: (x: number) => number; positive: boolean }> = {
      exp: { f: Math.exp, positive: false },
      log: { f: Math.log, positive: true },
      sqrt: { f: Math.sqrt, positive: true },
      reciprocal: { f: (x) => 1 / x, positive: true },
      tanh: { f: Math.tanh, positive: false },
      sigmoid: { f: (x) => 1 / (1 + Math.exp(-x)), positive: false },
      erf: { f: erfBySeries, positive: false },
      relu: { f: (x) => Math.max(x, 0), positive: false },
      step: { f: (x) => (x > 0 ? 1 : 0), positive: false },
    };
    it.each(Object.keys(functions) as Unary[])('computes %s', async (name) => {
      const { f, positive } = functions[name];
      const x = tabulate([7, 11], () => {
        const z = Math.fround(1.5 * random.normal());
        return positive ? Math.abs(z) + 0.25 : z;
      });
      x.values[0] = positive ? 1 : 0;
      await expectClose(ops.unary(name, tensor(x)), { shape: x.shape, values: x.values.map(f) }, functionUnits);
    });

    it('takes functions to their limits without overflow', async () => {
      const x = ops.constant([-80, -20, 20, 80], [4]);
      const one = { shape: [4], values: Float64Array.of(-1, -1, 1, 1) };
      await expectClose(ops.unary('tanh', x), one, 4);
      await expectClose(ops.unary('erf', x), one, 4);
      const small = 1 / (1 + Math.exp(20));
      await expectClose(ops.unary('sigmoid', x), { shape: [4], values: Float64Array.of(0, small, 1 - small, 1) }, 4);
    });

    const products: [Shape, Shape][] = [
      [[3, 5], [5, 4]],
      [[1, 1], [1, 1]],
      [[37, 19], [19, 23]],
      [[65, 300], [300, 9]],
      [[2, 2100], [2100, 3]],
      [[2, 3, 5, 4], [2, 3, 4, 6]],
      [[4, 9, 6], [4, 6, 9]],
      [[4, 9, 6], [6, 5]],
      [[2, 3, 5, 4], [4, 7]],
      [[1, 3, 4], [4, 2]],
    ];
    const flips = [false, true].flatMap((transposeA) => [false, true].map((transposeB) => ({ transposeA, transposeB })));
    const swap = (shape: Shape, wanted: boolean): Shape => (wanted ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape);
    it.each(products)('multiplies %j by %j, either transposed', async (p, q) => {
      for (const { transposeA, transposeB } of flips) {
        const a = normal(swap(p, transposeA));
        const b = normal(swap(q, transposeB));
        const product = ops.matmul(tensor(a), tensor(b), { transposeA, transposeB });
        // |error| <= k u |a|.|b| elementwise; for normal values |a|.|b| is about 0.64 k.
        const k = p.at(-1)!;
        await expectClose(product, matmul(a, b, transposeA, transposeB), 4 + k);
      }
    });

    it('gives the same bits for the same product', async () => {
      const [a, b] = [tensor(normal([4, 2500])), tensor(normal([2500, 4]))];
      const first = await ops.read(ops.matmul(a, b));
      for (let i = 0; i < 3; i++) expect(await ops.read(ops.matmul(a, b))).toEqual(first);
    });

    it.each([
      [[4, 5, 6], [0]],
      [[4, 5, 6], [1]],
      [[4, 5, 6], [2]],
      [[4, 5, 6], [0, 1]],
      [[4, 5, 6], [0, 2]],
      [[4, 5, 6], [1, 2]],
      [[4, 5, 6], [2, 0, 1]],
      [[4, 1, 6], [1]],
      [[3, 2, 5, 2, 4], [0, 2, 3]],
      [[3, 4], []],
      [[], []],
      [[2, 5000], [1]],
      [[70000, 3], [1]],
    ] as [Shape, number[]][])('sums and maximises %j over %j', async (shape, axes) => {
      const x = normal(shape);
      const added = axes.reduce((count, axis) => count * shape[axis]!, 1);
      await expectClose(ops.sum(tensor(x), axes), fold(x, axes, 0, (total, value) => total + value), 2 + added);
      await expectClose(ops.max(tensor(x), axes), fold(x, axes, -Infinity, Math.max), 0);
    });

    it('reshapes, transposes, slices, joins and gathers without touching values', async () => {
      const x = normal([2, 3, 4, 5]);
      await expectClose(ops.reshape(tensor(x), [6, 20]), { shape: [6, 20], values: x.values }, 0);
      await expectClose(ops.reshape(ops.constant([3], []), [1, 1]), { shape: [1, 1], values: Float64Array.of(3) }, 0);
      for (const permutation of [[0, 2, 1, 3], [3, 2, 1, 0], [1, 0, 2, 3], [0, 1, 3, 2], [0, 1, 2, 3]]) {
        const back = permutation.map((_, axis) => permutation.indexOf(axis));
        const expected = tabulate(permutation.map((axis) => x.shape[axis]!), (index) => at(x, back.map((axis) => index[axis]!)));
        await expectClose(ops.transpose(tensor(x), permutation), expected, 0);
      }
      const scalar = normal([]);
      await expectClose(ops.transpose(tensor(scalar), []), scalar, 0);
      await expectClose(ops.slice(tensor(scalar), [], []), scalar, 0);
      const begin = [1, 0, 2, 1];
      const size = [1, 3, 2, 3];
      await expectClose(ops.slice(tensor(x), begin, size), tabulate(size, (i) => at(x, i.map((j, axis) => j + begin[axis]!))), 0);
      const y = normal([2, 1, 4, 5]);
      const joined = tabulate([2, 5, 4, 5], (i) => {
        if (i[1]! < 3) return at(x, i);
        return at(y, [i[0]!, 0, i[2]!, i[3]!]);
      });
      await expectClose(ops.concat([tensor(x), tensor(y), tensor(y)], 1), joined, 0);
      const table = normal([5, 3]);
      const rows = Int32Array.of(4, 0, 0, 2);
      await expectClose(ops.gather(tensor(table), rows), tabulate([4, 3], ([i, j]) => at(table, [rows[i!]!, j!])), 0);
      const line = normal([6]);
      await expectClose(ops.gather(tensor(line), rows), tabulate([4], ([i]) => at(line, [rows[i!]!])), 0);
    });

    it('handles tensors of no values', async () => {
      const empty = ops.constant([], [0, 3]);
      expect(await ops.read(ops.add(empty, tensor(normal([3]))))).toEqual(new Float64Array(0));
      expect(await ops.read(ops.sum(empty, [0]))).toEqual(new Float64Array(3));
      expect(ops.shape(ops.concat([empty, tensor(normal([2, 3]))], 0))).toEqual([2, 3]);
      expect(ops.shape(ops.gather(tensor(normal([2, 3])), new Int32Array(0)))).toEqual([0, 3]);
    });

    it('refuses shapes that do not fit, and names them', () => {
      const [a, b] = [tensor(normal([2, 3])), tensor(normal([4, 5]))];
      expect(() => ops.constant([1, 2], [3])).toThrow('2 values do not fill the shape [3]');
      expect(() => ops.add(a, b)).toThrow('[2, 3] and [4, 5] do not broadcast');
      expect(() => ops.matmul(a, b)).toThrow('[2, 3] times [4, 5] does not fit');
      expect(() => ops.matmul(a, b, { transposeA: true })).toThrow('[2, 3] transposed times [4, 5]');
      expect(() => ops.matmul(a, tensor(normal([3])))).toThrow('[2, 3] times [3]');
      expect(() => ops.matmul(a, tensor(normal([2, 3, 4])))).toThrow('[2, 3] times [2, 3, 4]');
      expect(() => ops.matmul(tensor(normal([2, 4, 3])), tensor(normal([1, 3, 4])))).toThrow('[2, 4, 3] times [1, 3, 4]');
      expect(() => ops.sum(a, [2])).toThrow('[2, 3] has no axis 2');
      expect(() => ops.reshape(a, [5])).toThrow('[2, 3] does not hold as many values as [5]');
      expect(() => ops.transpose(a, [0, 0])).toThrow('[0, 0] is no permutation of the axes of [2, 3]');
      expect(() => ops.slice(a, [1, 0], [2, 3])).toThrow('[2, 3] from [1, 0] does not lie inside [2, 3]');
      expect(() => ops.concat([a, b], 0)).toThrow('[2, 3] and [4, 5] do not join along axis 0');
      expect(() => ops.concat([], 0)).toThrow('nothing to join');
      expect(() => ops.gather(a, Int32Array.of(0, 2))).toThrow('[2, 3] has no row 2');
    });

    it('keeps what a scope returns', async () => {
      const x = tensor(normal([3]));
      const kept = ops.scope(() => {
        const twice = ops.affine(x, 2, 0);
        return { sum: ops.sum(twice, [0]), list: [twice, { inner: ops.affine(twice, 1, 1) }], count: 3 };
      });
      const values = await ops.read(x);
      expect(await ops.read(kept.list[0] as Tensor)).toEqual(values.map((value) => 2 * value));
      expect((await ops.read(kept.sum)).length).toBe(1);
      expect(kept.count).toBe(3);
      expect(() => ops.scope(async () => x)).toThrow('synchronous');
      expect(() =>
        ops.scope(() => {
          throw new Error('from inside');
        }),
      ).toThrow('from inside');
      ops.dispose(x, kept.sum);
    });
  });
}

/** erf by its Maclaurin series (DLMF 7.6.1) up to |x| < 3, beyond by Lentz' continued fraction of erfc (DLMF 7.9.1). */
function erfBySeries(x: number): number {
  const z = Math.abs(x);
  if (z < 3) {
    let term = x;
    let total = x;
    for (let n = 1; Math.abs(term) > 1e-20; n++) {
      term *= (-x * x) / n;
      total += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * total;
  }
  let fraction = z;
  for (let n = 60; n > 0; n--) fraction = z + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-z * z) / (Math.sqrt(Math.PI) * fraction));
}
