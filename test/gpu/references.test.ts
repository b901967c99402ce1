/** The WebGPU backend against float64 numpy on real checkpoints: every spectrum agrees to its stated floor (oracle/agreement). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { webgpuNumerics } from '../../src/gpu/numerics';
import type { Numerics } from '../../src/numerics/types';
import { ROOT, analyzeFiles } from '../analysis/run';
import { disagreements } from '../oracle/agreement';
import { openTestGpu } from './dawn';

const FOLDER = 'test/fixtures/references';
let numerics: Numerics;
beforeAll(async () => {
  const opened = await webgpuNumerics(await openTestGpu(), { allowSoftware: true });
  if ('reason' in opened) throw new Error(opened.reason);
  numerics = opened;
});
afterAll(() => numerics?.dispose());

interface Reference {
  settings: { activation: string; loss: 'mse' | 'ce'; fisher: 'empirical' | 'exact' };
  spectra: { layer: string; side: string; dimension: number; eigenvalues: number[] }[];
}

describe('WebGPU spectra', () => {
  it.each([
    ['mlp-relu', 'mlp-relu.pt', 'mlp-relu'],
    ['mlp-tanh.exact', 'mlp-tanh-nested.pt', 'mlp-tanh'],
    ['tl-ln', 'tl-ln.pt', 'tl-ln'],
    ['tl-rms-gated-rotary-gqa', 'tl-rms-gated-rotary-gqa.pt', 'tl-rms-gated-rotary-gqa'],
  ])('%s agrees with numpy to the stated floor', async (name, checkpoint, probe) => {
    const reference = JSON.parse(readFileSync(join(ROOT, FOLDER, `${name}.json`), 'utf8')) as Reference;
    const { activation, loss, fisher } = reference.settings;
    const report = await analyzeFiles([`${FOLDER}/${checkpoint}`, `${FOLDER}/${probe}.probe.npz`], { choices: { activation }, loss, fisher, folds: 0 }, { numerics });
    expect(report.provenance.backend).toBe('webgpu');
    for (const { layer, side, dimension, eigenvalues } of reference.spectra) {
      const found = report.spectra.find((s) => s.tap.layer === layer && s.tap.side === side)!;
      expect(found.dimension).toBe(dimension);
      expect(disagreements(found, eigenvalues)).toEqual([]);
      // A floor that hides everything would pass too.
      expect(found.floor, `${layer} ${side}`).toBeLessThan(1e-10 * eigenvalues[0]!);
    }
  });
});
