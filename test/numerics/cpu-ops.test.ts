import { describe, expect, it } from 'vitest';
import { cpuOps, cpuValues, whileHeld } from '../../src/numerics/cpu/ops';
import { opsContract } from './ops.contract';

opsContract('cpu float64', async () => cpuOps(), { functionUnits: 40 });

describe('cpu float64', () => {
  it('lends its values without a copy, and no values of others', () => {
    const ops = cpuOps();
    const x = ops.constant([1, 2], [2]);
    expect(cpuValues(x)).toBe(cpuValues(ops.reshape(x, [1, 2])));
    expect(() => cpuValues({ shape: [2, 3] })).toThrow('[2, 3] of another backend');
  });

  it('lets not-a-number through, so that it is seen', async () => {
    const ops = cpuOps();
    const x = ops.constant([NaN, 1], [2]);
    for (const y of [ops.unary('relu', x), ops.max(x, [0]), ops.sum(x, [0])]) expect((await ops.read(y))[0]).toBeNaN();
  });

  it('writes to the memory of a tensor again when all that share it are gone', () => {
    const ops = cpuOps();
    const x = ops.constant(new Float64Array(2000).fill(1), [2000]);
    const y = ops.reshape(x, [40, 50]);
    const memory = cpuValues(x).buffer;
    ops.dispose(x, x);
    expect(() => cpuValues(x)).toThrow('[2000] was used after');
    expect(cpuValues(ops.add(y, y)).buffer).not.toBe(memory);
    ops.dispose(y);
    // About the same length is enough.
    const z = ops.constant(new Float64Array(1990).fill(3), [1990]);
    expect(cpuValues(z).buffer).toBe(memory);
    expect(cpuValues(z)).toEqual(new Float64Array(1990).fill(3));
    expect(cpuValues(ops.sum(ops.reshape(z, [10, 199]), [0]))).toEqual(new Float64Array(199).fill(30));
  });

  it('a scope gives back what it made and does not return, also when it fails', () => {
    const ops = cpuOps();
    let inner!: ReturnType<typeof ops.add>;
    const outer = ops.scope(() => {
      const made = ops.scope(() => {
        inner = ops.constant([1, 2], [2]);
        return [ops.add(inner, inner), ops.mul(inner, inner)];
      });
      expect(() => ops.add(inner, inner)).toThrow('after it was disposed of');
      return { sum: made[0]!, both: ops.add(made[0]!, made[1]!) };
    });
    expect([...cpuValues(outer.sum), ...cpuValues(outer.both)]).toEqual([2, 4, 3, 8]);
    expect(() =>
      ops.scope(() => {
        inner = ops.constant([1, 2], [2]);
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(() => cpuValues(inner)).toThrow('after it was disposed of');
  });

  it('keeps values that are read while their tensor is disposed of', async () => {
    const ops = cpuOps();
    const x = ops.constant(new Float64Array(3000).fill(1), [3000]);
    const values = cpuValues(x);
    const reading = whileHeld([x], async () => {
      await Promise.resolve();
      return values[2999];
    });
    ops.dispose(x);
    const other = ops.constant(new Float64Array(3000).fill(2), [3000]);
    expect(await reading).toBe(1);
    expect(cpuValues(other)).not.toBe(values);
  });

  it('makes products of any depth and width, also where the packed operand is cut', () => {
    const ops = cpuOps();
    const [m, k, n] = [3, 9000, 70];
    const a = Float64Array.from({ length: m * k }, (_, i) => (i % 7) - 3);
    const b = Float64Array.from({ length: k * n }, (_, i) => (i % 5) - 2);
    const product = cpuValues(ops.matmul(ops.constant(a, [m, k]), ops.constant(b, [k, n])));
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let t = 0; t < k; t++) sum += a[i * k + t]! * b[t * n + j]!;
        expect(product[i * n + j]).toBe(sum);
      }
    }
  });
});
