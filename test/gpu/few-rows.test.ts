/** A wide layer with few rows on WebGPU: its spectrum comes from the exact Gram of its rows, and is that of the CPU within its floor. */
import { afterAll, expect, it } from 'vitest';
import { analyze } from '../../src/analysis/analyze';
import type { Report } from '../../src/analysis/report';
import { Random } from '../../src/base/random';
import { webgpuNumerics } from '../../src/gpu/numerics';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';
import { inlineSolver } from '../../src/numerics/solver';
import type { Numerics } from '../../src/numerics/types';
import { stubCheckpoint } from '../checkpoint-stub';
import { openTestGpu } from './dawn';

const gpu = await webgpuNumerics(await openTestGpu(), { allowSoftware: true });
if ('reason' in gpu) throw new Error(gpu.reason);
afterAll(() => gpu.dispose());

it('rows of gradients and activations', async () => {
  const random = new Random(3);
  const checkpoint = stubCheckpoint({
    '0.weight': { shape: [1024, 5], values: Array.from(random.normals(5 * 1024), Math.fround) },
    '2.weight': { shape: [3, 1024], values: Array.from(random.normals(3 * 1024), Math.fround) },
  });
  const reference = cpuNumerics();
  const run = (numerics: Numerics): Promise<Report> => analyze(checkpoint, null, { samples: 12, layers: '0', digits: 1 }, { numerics, reference, solver: inlineSolver, emit: () => {} });
  const [there, here] = [await run(gpu as Numerics), await run(reference)];
  expect(there.spectra.map(({ tap, rows, dimension, covers, gram }) => [tap.side, rows, dimension, covers, gram.of])).toEqual([
    ['activation', 12, 1024, 'head', 'integers'],
    ['gradient', 12, 1024, 'head', 'integers'],
  ]);
  for (const [i, { eigenvalues, floor }] of there.spectra.entries()) {
    const truth = here.spectra[i]!.eigenvalues;
    expect(truth[0]!).toBeGreaterThan(floor);
    eigenvalues.forEach((x, k) => expect(Math.abs(x - truth[k]!)).toBeLessThanOrEqual(Math.max(floor, 1e-5 * truth[0]!)));
  }
});
