/** Networks read and run part by part: the same bits as a whole, in the memory that was stated. */
import { describe, expect, it } from 'vitest';
import { analyze } from '../../src/analysis/analyze';
import type { Report, Spectrum } from '../../src/analysis/report';
import type { Request } from '../../src/analysis/request';
import { readProbeFile } from '../../src/analysis/probe-file';
import type { Checkpoint } from '../../src/checkpoint/types';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';
import { inlineSolver } from '../../src/numerics/solver';
import type { ProbeFileContent } from '../../src/probe/file';
import { familyCheckpoint } from '../model/family-files';
import { stubCheckpoint } from '../checkpoint-stub';

/** Less than any network takes. */
const LITTLE = { memory: 1e-9 };

/** The checkpoint, with the names of the tensors that are read of it. */
function watched(checkpoint: Checkpoint): { checkpoint: Checkpoint; read: string[] } {
  const read: string[] = [];
  const tensors = new Map(
    Array.from(checkpoint.tensors, ([name, t]) => {
      const values = () => {
        read.push(name);
        return t.values();
      };
      return [name, { name, dtype: t.dtype, shape: t.shape, file: t.file, bytes: () => t.bytes(), values }];
    }),
  );
  return { checkpoint: { ...checkpoint, tensors }, read };
}

function run(checkpoint: Checkpoint, probe: ProbeFileContent | null, request: Partial<Request>, signal?: AbortSignal): Promise<Report> {
  const reference = cpuNumerics();
  return analyze(checkpoint, probe, request, { numerics: reference, reference, solver: inlineSolver, emit: () => {}, signal });
}

const found = ({ spectra }: Report) => spectra.map(({ tap, gram, floor, eigenvalues }: Spectrum) => ({ tap, gram, floor, eigenvalues }));

describe('part by part', () => {
  it.each<[string, Partial<Request>]>([
    ['llama', { folds: 2 }],
    ['gpt2', { parameter: true }],
    ['bert', { gradients: false }],
    ['gpt-neox', { fisher: 'sampled', layers: '*.layers.1.*' }],
  ])('%s has the bits of the whole', async (name, request) => {
    const checkpoint = await familyCheckpoint(name);
    const probe = 'fisher' in request ? null : await readProbeFile(await familyCheckpoint(`${name}.probe.npz`));
    const [whole, parts] = [await run(checkpoint, probe, request), await run(checkpoint, probe, { ...request, ...LITTLE })];
    expect(whole.provenance.memory!.route).toBe('whole');
    expect(parts.provenance.memory!.route).toBe('streamed');
    expect(parts.provenance.memory!.needs).toBeLessThan(whole.provenance.memory!.needs);
    expect(found(parts)).toEqual(found(whole));
    expect(found(parts).length).toBeGreaterThan(0);
    expect(parts.provenance.grams).toBe(whole.provenance.grams);
    if (request.gradients !== false) expect(parts.probe.meanLoss).toBe(whole.probe.meanLoss);
  });

  it('an MLP under the exact Fisher, several passes for each chunk', async () => {
    const checkpoint = stubCheckpoint({ '0.weight': { shape: [8, 5] }, '0.bias': { shape: [8] }, '2.weight': { shape: [6, 8] }, '4.weight': { shape: [3, 6] } });
    const request = { fisher: 'exact', samples: 40, folds: 3 } as const;
    expect(found(await run(checkpoint, null, { ...request, ...LITTLE }))).toEqual(found(await run(checkpoint, null, request)));
  });
});

describe('what is read', () => {
  it('gradients of one block: every weight before it once, it and what follows twice, and the end once', async () => {
    const { checkpoint, read } = watched(await familyCheckpoint('llama'));
    await run(checkpoint, null, { layers: '*.layers.1.mlp.*', ...LITTLE });
    const times = (name: string) => read.filter((n) => n === name).length;
    expect(['model.embed_tokens.weight', 'model.layers.0.mlp.up_proj.weight', 'model.layers.1.mlp.up_proj.weight', 'lm_head.weight'].map(times)).toEqual([1, 1, 2, 1]);
  });

  it('activations of one block: nothing behind it', async () => {
    const { checkpoint, read } = watched(await familyCheckpoint('llama'));
    const { spectra, probe } = await run(checkpoint, null, { layers: '*.layers.0.mlp.*', gradients: false, ...LITTLE });
    // The norms are read on their own before anything is run.
    const matrices = read.filter((name) => !/norm\.weight$/.test(name));
    expect(matrices.length).toBe(new Set(matrices).size);
    expect(matrices.filter((name) => /layers\.1|lm_head/.test(name))).toEqual([]);
    expect(spectra.map(({ tap }) => tap.side)).toEqual(['activation', 'activation', 'activation']);
    expect(probe.meanLoss).toBeNull();
  });
});

it('weights that are not finite are named with what they reach', async () => {
  const values = Float64Array.from({ length: 48 }, (_, i) => (i === 7 ? NaN : Math.sin(i)));
  const checkpoint = stubCheckpoint({ '0.weight': { shape: [8, 5] }, '2.weight': { shape: [6, 8], values }, '4.weight': { shape: [3, 6] } });
  const report = await run(checkpoint, null, { samples: 20, ...LITTLE });
  expect(report.checkpoint.warnings).toEqual([expect.stringMatching(/^'2\.weight' holds 1 values that are not finite \(the first at \[0, 7\]\)\. Layers that it reaches/)]);
  expect(report.spectra.map(({ tap }) => `${tap.layer} ${tap.side}`)).toEqual(['0 activation']);
});

it('stops between chunks', async () => {
  const abort = new AbortController();
  const { checkpoint } = watched(await familyCheckpoint('llama'));
  const started = run(checkpoint, null, LITTLE, abort.signal);
  abort.abort();
  await expect(started).rejects.toMatchObject({ name: 'AbortError' });
});

it('directions need the whole network, and say so before a weight is read', async () => {
  const { checkpoint, read } = watched(await familyCheckpoint('llama'));
  await expect(run(checkpoint, null, { directions: true, ...LITTLE })).rejects.toThrow(/^Directions of the whole network need all its weights in memory at once: about \d+ MB, more than the 1 MB that they may take\. Leave /);
  expect(read.filter((name) => !/norm\.weight$/.test(name))).toEqual([]);
});
