import { describe, expect, it } from 'vitest';
import { cpuOps, cpuValues } from '../../src/numerics/cpu/ops';
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
});
