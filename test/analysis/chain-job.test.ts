/** Chains in workers: the bits of chains in place, an end to all with the first error, and cancel at once. */
import { describe, expect, it } from 'vitest';
import { runChainJob, type ChainJob } from '../../src/analysis/chain-job';
import { readLlc } from '../../src/analysis/llc';
import type { LlcRecord } from '../../src/analysis/llc-record';
import { Random } from '../../src/base/random';
import { remembering } from '../../src/checkpoint/held';
import { threadPool } from '../../src/cli/threads';
import { runChain } from '../../src/llc/chain';
import { chainRandom, type LlcSettings } from '../../src/llc/estimate';
import { networkLoss } from '../../src/llc/network-loss';
import { recogniseModel } from '../../src/model/recognise';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';
import { stubCheckpoint } from '../checkpoint-stub';
import { FAMILIES, familyCheckpoint, familyProbe } from '../model/family-files';
import { pool, solved } from '../worker/pool';

const random = new Random(3);
const chain = stubCheckpoint({ '0.weight': { shape: [3, 4], values: random.normals(12) }, '1.weight': { shape: [4, 3], values: random.normals(12) } });
const numerics = cpuNumerics();
/** Long enough to be worth workers. */
const asked = { chains: 3, burnIn: 70, draws: 150, gammas: [1, 2] };
const read = (workers?: ReturnType<typeof pool>['pool'], more: { signal?: AbortSignal; progress?(part: number): void } = {}) =>
  readLlc(chain, null, { samples: 240 }, asked, { numerics, workers, ...more });
const plain = (record: LlcRecord) => JSON.stringify({ ...record, provenance: null });
const here = read().then(plain);

describe('chains in workers', () => {
  it('have the bits of chains in place, for any number of workers', async () => {
    expect(await here).toContain('"calibration":{"sentence":"Step size');
    for (const size of [1, 2, 4]) {
      const { pool: workers, made } = pool(size);
      const parts: number[] = [];
      expect(plain(await read(workers, { progress: (part) => parts.push(part) }))).toBe(await here);
      // One worker is no gain over none.
      expect(made.length).toBe(size === 1 ? 0 : size);
      expect(parts.every((part, i) => part <= 1 && part >= (parts[i - 1] ?? 0))).toBe(true);
      expect(made.every((m) => !m.stopped)).toBe(true);
    }
  });

  it('have them in threads of Node', async () => {
    const threads = threadPool();
    try {
      expect(plain(await read(threads))).toBe(await here);
    } finally {
      threads.dispose();
    }
  });

  it('walk any model again from what was read of its checkpoint', { timeout: 120_000 }, async () => {
    for (const { name, path } of FAMILIES.filter((f) => ['nanogpt', 'qwen2', 'torch-encoder', 'vit'].includes(f.name))) {
      const { checkpoint, held } = remembering(await familyCheckpoint(path));
      const { model } = await recogniseModel(checkpoint, {});
      const { inputs, targets } = await familyProbe(name, model!);
      const parameters = await model!.parameters();
      const loss = { loss: 'ce', batch: null } as const;
      const network = await networkLoss(model!, parameters, { inputs, targets }, loss, numerics.ops);
      const settings: LlcSettings = { chains: 2, seed: 7, burnIn: 1, draws: 2, step: 1e-5, gamma: 1, nbeta: 3, adjusted: false, preconditioner: 'rmsprop', box: null };
      const task = { settings, index: 1, initialLoss: 2 };
      const job: ChainJob = { checkpoint: held(), choices: {}, probe: { inputs, targets }, loss, task };
      const there = await runChainJob(structuredClone(job), {});
      expect(there, name).toEqual(await runChain(network, network.start, 2, settings, chainRandom(7, 1), {}));
      expect(Number.isFinite(there.mean)).toBe(true);
    }
  });

  it('end together with the first error, and the pool goes on', async () => {
    let jobs = 0;
    const { pool: workers, made } = pool(2, (job, tell) => (++jobs === 2 ? new Error('out of memory') : jobs < 3 ? new Promise(() => {}) : solved(job, tell)));
    await expect(read(workers)).rejects.toThrow('a solver worker failed: out of memory');
    expect(jobs).toBe(2);
    expect(made.map((m) => m.stopped)).toEqual([true, true]);
    expect(plain(await read(workers))).toBe(await here);
  });

  it('stop at once when they are told to', async () => {
    const { pool: workers, made } = pool(2, () => new Promise(() => {}));
    const stop = new AbortController();
    const run = read(workers, { signal: stop.signal });
    while (made.length < 2) await new Promise((r) => setTimeout(r, 5));
    const begin = performance.now();
    stop.abort();
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    expect(performance.now() - begin).toBeLessThan(100);
    expect(made.map((m) => m.stopped)).toEqual([true, true]);
  });
});
