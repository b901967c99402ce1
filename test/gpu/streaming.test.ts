/** Networks run part by part on an adapter: the bits of the whole, and float64 where a weight is not finite. */
import { afterAll, expect, it } from 'vitest';
import { analyze } from '../../src/analysis/analyze';
import type { Request } from '../../src/analysis/request';
import type { Checkpoint } from '../../src/checkpoint/types';
import { webgpuNumerics } from '../../src/gpu/numerics';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';
import { inlineSolver } from '../../src/numerics/solver';
import { stubCheckpoint } from '../checkpoint-stub';
import { familyCheckpoint } from '../model/family-files';
import { openTestGpu } from './dawn';

const numerics = await webgpuNumerics(await openTestGpu(), { allowSoftware: true });
if ('reason' in numerics) throw new Error(numerics.reason);
afterAll(() => numerics.dispose());

const LITTLE = { memory: 1e-9 };

async function run(checkpoint: Checkpoint, request: Partial<Request>) {
  let starts = 0;
  const emit = ({ type }: { type: string }) => void (starts += Number(type === 'started'));
  const report = await analyze(checkpoint, null, request, { numerics: numerics as Exclude<typeof numerics, { reason: string }>, reference: cpuNumerics(), solver: inlineSolver, emit });
  return { report, starts };
}

it('gives the bits of the whole', async () => {
  const checkpoint = await familyCheckpoint('llama');
  const request = { layers: '*.layers.0.mlp.*,lm_head', samples: 8, positions: 6 };
  const [whole, parts] = [await run(checkpoint, request), await run(checkpoint, { ...request, ...LITTLE })];
  expect(parts.report.provenance).toMatchObject({ backend: 'webgpu', memory: { route: 'streamed' } });
  expect(parts.report.spectra.map((s) => [s.tap, s.gram, s.eigenvalues])).toEqual(whole.report.spectra.map((s) => [s.tap, s.gram, s.eigenvalues]));
  expect(parts.report.spectra).toHaveLength(8);
});

it('starts again in float64 where a weight is not finite', async () => {
  const values = Float64Array.from({ length: 48 }, (_, i) => (i === 7 ? NaN : Math.sin(i)));
  const checkpoint = stubCheckpoint({ '0.weight': { shape: [8, 5] }, '2.weight': { shape: [6, 8], values }, '4.weight': { shape: [3, 6] } });
  const { report, starts } = await run(checkpoint, { samples: 20, gradients: false, ...LITTLE });
  expect(report.provenance.backend).toBe('cpu-f64');
  expect(report.spectra.map(({ tap }) => tap.layer)).toEqual(['0']);
  expect(starts).toBe(2);
});
