/** LLC of an open checkpoint, and curves made elsewhere. */
import { describe, expect, it } from 'vitest';
import { readLlc } from '../../src/analysis/llc';
import { compareLlc, parseLlcCurve } from '../../src/analysis/llc-curve';
import { LlcRecord, type LlcRequest } from '../../src/analysis/llc-record';
import type { Request } from '../../src/analysis/request';
import { Random } from '../../src/base/random';
import { toNumber } from '../../src/base/rational';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';
import type { ProbeFileContent } from '../../src/probe/file';
import { reducedRankRegression } from '../../src/theory/reduced-rank';
import { stubCheckpoint } from '../checkpoint-stub';

const random = new Random(11);
const chain = stubCheckpoint({
  '0.weight': { shape: [2, 3], values: random.normals(6) },
  '1.weight': { shape: [3, 2], values: random.normals(6) },
});
const means = { numerics: cpuNumerics() };
const read = (asked: Partial<LlcRequest>, request: Partial<Request> = {}, probe: ProbeFileContent | null = null, of = chain) => readLlc(of, probe, { samples: 60, ...request }, asked, means);
const short = { chains: 2, burnIn: 50, draws: 150, step: 1e-3 } as const;

function probeOf(targets: boolean, samples = 60): ProbeFileContent {
  const array = (name: string) => ({ name, shape: [samples, 3], integers: false, values: random.normals(samples * 3) });
  return { file: 'probe.npz', inputs: array('inputs'), targets: targets ? array('targets') : null };
}

describe('readLlc', () => {
  it('reads the closed form of a linear chain, by a sweep of its own', async () => {
    const record = await read({ chains: 6, burnIn: 400, draws: 2500, nbeta: 2000, adjusted: true });
    expect(LlcRecord.parse(JSON.parse(JSON.stringify(record)))).toEqual(JSON.parse(JSON.stringify(record)));
    const lambda = toNumber(reducedRankRegression(3, 2, 3, 2).lambda);
    expect(lambda).toBe(4);
    expect(Math.abs(record.llc! - lambda)).toBeLessThan(Math.max(3 * record.standardError!, 0.1));
    expect(record.standardError!).toBeLessThan(0.2);
    expect(record.calibration!.sentence).toMatch(/^Step size .* acceptance/);
    expect(record.passes).toBeGreaterThan(6 * 2900);
    expect(record.probe).toMatchObject({ labels: 'own', loss: 'mse', samples: 60 });
    expect([record.initialLoss, record.model.parameters, record.problems]).toEqual([0, 12, []]);
    expect(record.chains.map((c) => c.trace.means.length)).toEqual(Array(6).fill(500));
  });

  it('refuses a network that does not fit into memory before any weight is read', async () => {
    const unread = () => Promise.reject(new Error('a weight was read'));
    const tensors = new Map(Array.from(chain.tensors, ([name, t]) => [name, { name, dtype: t.dtype, shape: t.shape, file: t.file, bytes: unread, values: unread }]));
    const refused = readLlc({ ...chain, tensors }, null, { samples: 60 }, short, { ...means, memory: 1600 });
    await expect(refused).rejects.toThrow('stub: A chain walks on all weights at once: for 12 of them it would take about 1 MB, more than the 1 MB that it may take. Allow more memory, or sample a smaller network.');
  });

  it('takes what it is given, and has the same bits for the same seed', async () => {
    const asked: Partial<LlcRequest> = { ...short, gammas: [3], nbeta: 10, preconditioner: 'rmsprop' };
    const [one, two, other] = [await read(asked), await read(asked), await read(asked, { seed: 5 })];
    expect(one.settings).toEqual({ chains: 2, burnIn: 50, draws: 150, step: 1e-3, gamma: 3, nbeta: 10, adjusted: false, preconditioner: 'rmsprop', batch: null, seed: 0 });
    expect(one.calibration).toBeNull();
    expect({ ...two, provenance: null }).toEqual({ ...one, provenance: null });
    expect(other.llc).not.toBe(one.llc);
  });

  it('uses the targets of a probe, in minibatches where they are asked for', async () => {
    const record = await read({ ...short, batch: 15 }, {}, probeOf(true));
    expect(record.probe.labels).toBe('targets');
    expect(record.initialLoss!).toBeGreaterThan(0.1);
    expect(record.acceptance).toBeNull();
    expect(record.passes).toBeCloseTo(2 * 201 * 0.25, 10);
    expect(record.problems).toContainEqual(expect.stringContaining('The LLC is negative'));
  });

  it('says that chains diverged, and gives no value', async () => {
    const record = await read({ ...short, step: 10 });
    expect(record.llc).toBeNull();
    expect(record.problems).toEqual([expect.stringContaining('2 of 2 chains diverged')]);
    expect(LlcRecord.parse(JSON.parse(JSON.stringify(record))).chains[0]!.mean).toBeNull();
  });

  it('refuses what cannot be sampled, in sentences', async () => {
    const refused = (work: Promise<unknown>) => work.then(() => 'nothing', (error: Error & { code: string }) => `${error.code}: ${error.message}`);
    const odd = stubCheckpoint({ some: { shape: [3, 3] }, other: { shape: [4, 2] } });
    expect(await refused(read(short, {}, null, odd))).toMatch(/^llc-no-model: .*needs a network that can be run/);
    const broken = stubCheckpoint({ '0.weight': { shape: [2, 3], values: [1, NaN, 1, 1, 1, 1] }, '1.weight': { shape: [3, 2] } });
    expect(await refused(read(short, {}, null, broken))).toMatch(/^llc-not-finite: .*no loss to sample around/);
    expect(await refused(read({ ...short, batch: 61 }))).toMatch(/^llc-batch: A minibatch of 61/);
    expect(await refused(read({ ...short, batch: 10, adjusted: true }))).toMatch(/^llc-adjusted: /);
    expect(await refused(read(short, { samples: 1 }))).toMatch(/^llc-samples: /);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    await expect(readLlc(chain, null, { samples: 60 }, { draws: 1e7 }, { ...means, signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('tells how far it is, and never more than all', async () => {
    const parts: number[] = [];
    await readLlc(chain, null, { samples: 400 }, { ...short, step: null, draws: 300 }, { ...means, progress: (part) => void parts.push(part) });
    expect(parts.length).toBeGreaterThan(3);
    expect(Math.max(...parts)).toBeLessThanOrEqual(1);
  });
});

describe('a curve made elsewhere', () => {
  const parse = (text: string) => parseLlcCurve(text, 'curve.csv');

  it('is read as it comes', () => {
    expect(parse('checkpoint,llc,std\nstep100.pt,1.5,0.1\nstep200.pt,-2e-1,\n')).toEqual([
      { checkpoint: 'step100.pt', llc: 1.5, std: 0.1 },
      { checkpoint: 'step200.pt', llc: -0.2, std: null },
    ]);
    expect(parse('\uFEFF"LLC", note ,"Checkpoint"\r\n 3.25 ,"a, ""b""", run/7 \r\n\r\n')).toEqual([{ checkpoint: 'run/7', llc: 3.25, std: null }]);
  });

  it.each([
    ['', 'curve-empty', 'it is empty'],
    ['\n\n', 'curve-empty', 'it is empty'],
    ['checkpoint,llc\n', 'curve-empty', 'no checkpoints'],
    ['a,b\n1,2', 'curve-header', 'names no checkpoint'],
    ['checkpoint;llc;std\n1;2;3', 'curve-header', 'names no'],
    ['checkpoint,value\n1,2', 'curve-header', 'names no llc'],
    ['checkpoint,llc\na,1\na,2', 'curve-twice', "'a' stands on line 2 and on line 3"],
    ['checkpoint,llc\n,1', 'curve-name', 'line 2 names no checkpoint'],
    ['checkpoint,llc\na,NaN', 'curve-number', 'line 2 gives the llc "NaN"'],
    ['checkpoint,llc\na,1e999', 'curve-number', 'no finite number'],
    ['checkpoint,llc\na,0x10', 'curve-number', 'no finite number'],
    ['checkpoint,llc\na', 'curve-number', 'line 2 gives the llc ""'],
    ['checkpoint,llc,std\na,1,-1', 'curve-number', 'gives the std "-1"'],
    ['\0\u0001PK\u0003', 'curve-header', 'names no checkpoint'],
  ])('%j is refused: %s', (text, code, words) => {
    const found = (() => {
      try {
        return parse(text);
      } catch (error) {
        return error;
      }
    })();
    expect(found).toMatchObject({ name: 'InputError', code, file: 'curve.csv' });
    expect((found as Error).message).toContain(words);
  });

  it('refuses a flood quickly', () => {
    const before = performance.now();
    expect(() => parse('checkpoint,llc\n' + 'x,1,'.repeat(5e6))).toThrow(/characters/);
    expect(() => parse('checkpoint,llc\n' + Array.from({ length: 100_001 }, (_, i) => `${i},1`).join('\n'))).toThrow(/more than 100000 checkpoints/);
    expect(() => parse(`checkpoint,llc\n${' '.repeat(2e5)}"${','.repeat(2e5)}`)).toThrow(/line 2/);
    expect(() => parse(`checkpoint,llc\na${' '.repeat(2e6)}b,${' '.repeat(2e6)}`)).toThrow(/line 2/);
    expect(performance.now() - before).toBeLessThan(20_000);
  });

  it('stands beside ours by name', async () => {
    const record = await read(short);
    const named = (name: string) => ({ ...record, checkpoint: { ...record.checkpoint, name }, llc: 5, standardError: 0.3 });
    const curve = parse('checkpoint,llc,std\nruns/step10.pt,4.5,0.4\nstep20,4,\nx.a,1,1\nx.b,2,1\n');
    const [ten, twenty, thirty, two] = compareLlc([named('step10.safetensors'), named('step20'), named('step30'), named('x.c')], curve);
    expect(ten).toMatchObject({ theirs: { checkpoint: 'runs/step10.pt' }, difference: 0.5, deviations: 1 });
    expect(twenty).toMatchObject({ difference: 1, deviations: null });
    expect([thirty!.theirs, thirty!.difference, two!.theirs]).toEqual([null, null, null]);
    expect(ten!.ours.passes).toBe(record.passes);
  });
});
