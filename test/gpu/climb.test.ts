import { describe, expect, it } from 'vitest';
import { climb } from '../../src/gpu/climb';

/** A clock that stands still but for the work that is done by it. */
function machine(costs: readonly ((operations: number) => number)[]) {
  let time = 1000;
  const ran: { operations: number; job: number }[] = [];
  return {
    now: () => time,
    ran,
    released: 0,
    async at(operations: number) {
      return {
        jobs: costs.map((cost, job) => async () => {
          ran.push({ operations, job });
          time += cost(operations);
        }),
        release: () => void this.released++,
      };
    },
  };
}

const sizes = [1, 8, 64, 512, 4096];
const work = (operations: number) => operations;
const run = (m: ReturnType<typeof machine>, budget: number) => climb({ sizes, work, at: (n) => m.at(n), budget, now: m.now });

describe('climb', () => {
  it('reaches the largest problem on a fast device, and takes the best of three rounds there', async () => {
    let call = 0;
    const m = machine([(n) => 0.001 * n + (n === 4096 ? [5, 1, 3][call++]! : 0)]);
    expect(await run(m, 100)).toMatchObject({ size: 4096, times: [expect.closeTo(5.096, 9)] });
    expect(m.ran.map((r) => r.operations)).toEqual([1, 8, 64, 512, 4096, 4096, 4096]);
    expect(m.released).toBe(sizes.length);
  });

  it.each([0.01, 0.1, 0.5, 1])('keeps the budget on a device that takes %d ms an operation, whatever its latency', async (slowness) => {
    for (const latency of [0, 1, 10]) {
      const m = machine([(n) => latency + slowness * n, (n) => latency + 2 * slowness * n]);
      const { spent, times } = await run(m, 90);
      expect(spent).toBe(m.now() - 1000);
      expect(spent).toBeLessThanOrEqual(90);
      expect(times[0]! < times[1]!).toBe(true);
    }
  });

  it('runs the first problem once, and nothing else, where even that is over the budget', async () => {
    const m = machine([() => 500, () => 20]);
    expect(await run(m, 90)).toEqual({ size: 1, times: [500, 20], spent: 520 });
    expect(m.ran).toHaveLength(2);
  });

  it('is not held back by latency', async () => {
    const m = machine([(n) => 9 + 0.001 * n]);
    expect((await run(m, 90)).size).toBe(4096);
    expect(m.now() - 1000).toBeLessThanOrEqual(90);
  });

  it.each([0, 1, 2, 3])('climbs on after a disturbance of run %i', async (disturbed) => {
    let call = 0;
    const m = machine([(n) => 0.001 * n + (call++ === disturbed ? 30 : 0)]);
    expect((await run(m, 130)).size).toBe(4096);
    expect(m.now() - 1000).toBeLessThanOrEqual(130);
  });

  it('gives the data back when a job fails', async () => {
    let released = 0;
    const at = async () => ({
      jobs: [() => Promise.reject(new Error('lost'))],
      release: () => void released++,
    });
    await expect(climb({ sizes, work, at, budget: 10, now: () => 0 })).rejects.toThrow('lost');
    expect(released).toBe(1);
  });
});
