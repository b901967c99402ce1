/** The page's hold of an engine that does not stop: what was cancelled ends, and what was open stays open. */
import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import type { OpenedSummary } from '../../src/analysis/events';
import { readLlc } from '../../src/analysis/llc';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';
import { EngineClient } from '../../src/worker/client';
import { serve, type Handlers, type Port } from '../../src/worker/rpc';
import { stubCheckpoint } from '../checkpoint-stub';
import { fakeRecord, fakeSummary } from '../view/fake-experiments';

const ended: (() => void)[] = [];
afterEach(() => ended.splice(0).forEach((end) => end()));

const opened: OpenedSummary = { checkpoints: [], probes: [], reports: [], experiments: [], llcs: [], trajectories: [], sideFiles: [], refusals: [] };
const files = (name: string) => [{ file: new Blob(['x']), name }];
const args = { order: { name: 'slopes', size: 'small' as const, changes: {}, seed: 0 }, backend: 'cpu-f64' as const };

/** A client whose nth engine has the nth handlers, with a list of what was asked of each. */
function connect(engines: Partial<Handlers>[]) {
  const asked: string[] = [];
  let made = 0;
  const client = new EngineClient(() => {
    const at = made++;
    const { port1, port2 } = new MessageChannel();
    const handlers = Object.fromEntries(
      Object.entries({ open: async () => opened, ...engines[at] }).map(([method, handler]) => [
        method,
        (...given: unknown[]) => (asked.push(`${at} ${method}`), (handler as (...a: unknown[]) => unknown)(...given)),
      ]),
    );
    serve(port2 as unknown as Port, handlers as unknown as Handlers);
    const terminate = () => port1.close();
    ended.push(terminate);
    return Object.assign(port1, { terminate }) as unknown as Worker;
  });
  return { client, asked, made: () => made };
}

describe('an experiment', () => {
  it('tells its progress and brings its record', async () => {
    const { client } = connect([{ experiments: async () => [fakeSummary], experiment: async (_, emit) => (emit({ done: 1, total: 2 }), fakeRecord()) }]);
    expect(await client.experiments()).toEqual([fakeSummary]);
    const seen: unknown[] = [];
    expect(await client.experiment(args, (p) => seen.push(p), new AbortController().signal)).toEqual(fakeRecord());
    expect(seen).toEqual([{ done: 1, total: 2 }]);
  });

  it('that stops when it is told to leaves the engine as it is', async () => {
    const { client, made } = connect([
      { experiment: (_, __, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))), experiments: async () => [] },
    ]);
    const controller = new AbortController();
    const run = client.experiment(args, () => {}, controller.signal);
    await new Promise((r) => setTimeout(r, 20));
    controller.abort();
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    expect(await client.experiments()).toEqual([]);
    expect(made()).toBe(1);
  });

  it('that never yields is cancelled at once; the next call waits for a new engine that has the files again', { retry: 2 }, async () => {
    const { client, asked, made } = connect([{ experiment: () => new Promise(() => {}) }, { experiment: async () => fakeRecord() }]);
    await client.open(files('model.pt'));
    await client.open(files('probe.npz'));
    const controller = new AbortController();
    const run = client.experiment(args, () => {}, controller.signal);
    await new Promise((r) => setTimeout(r, 20));
    const begin = performance.now();
    controller.abort();
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    expect(performance.now() - begin).toBeLessThan(200);
    expect(await client.experiment(args, () => {}, new AbortController().signal)).toEqual(fakeRecord());
    expect(made()).toBe(2);
    expect(asked).toEqual(['0 open', '0 open', '0 experiment', '1 open', '1 open', '1 experiment']);
  });
});

describe('a local learning coefficient', () => {
  const checkpoint = stubCheckpoint({ '0.weight': { shape: [2, 3], values: [1, 0, 0, 0, 1, 0] }, '1.weight': { shape: [3, 2], values: [1, 0, 0, 1, 0, 0] } });
  const numerics = cpuNumerics();
  const llc: Handlers['llc'] = ({ request, llc }, emit, signal) =>
    readLlc(checkpoint, null, request, llc, { numerics, signal, progress: (part, phase) => emit({ part, phase }) });
  const order = (draws: number) => ({ id: '1', probe: null, request: { samples: 60 }, llc: { chains: 2, burnIn: 100, draws } });

  it('tells how far calibration and chains are, and brings the record that the library gives', async () => {
    const { client } = connect([{ llc }]);
    const seen: { part: number; phase: string }[] = [];
    const record = await client.llc(order(1000), (p) => seen.push(p), new AbortController().signal);
    const alone = await readLlc(checkpoint, null, order(1000).request, order(1000).llc, { numerics });
    expect({ ...record, provenance: null }).toEqual({ ...alone, provenance: null });
    expect([...new Set(seen.map((p) => p.phase))]).toEqual(['calibration', 'chains']);
    expect(seen.every((p, i) => p.part > 0 && p.part <= 1 && (i === 0 || p.part >= seen[i - 1]!.part))).toBe(true);
  });

  it('stops when it is told to, and the engine stays', async () => {
    const { client, made } = connect([{ llc, experiments: async () => [] }]);
    const controller = new AbortController();
    const run = client.llc(order(10_000_000), () => controller.abort(), controller.signal);
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    expect(await client.experiments()).toEqual([]);
    expect(made()).toBe(1);
  });
});
