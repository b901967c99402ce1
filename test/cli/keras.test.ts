/** Keras and TensorFlow.js models on the command line and through the engine of the page: every layer, at the loss of the library. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { analyzeFiles } from '../analysis/run';
import { recorded } from '../model/fixture';

const fixture = (...paths: string[]) => paths.map((path) => join('test/fixtures', path));

describe('analyze', () => {
  it.each(['mlp.keras', 'residual.h5', 'keras2.h5'])("%s at Keras's loss", async (file) => {
    const name = file.split('.')[0]!;
    const report = await analyzeFiles(fixture(`keras/${file}`, `keras/${name}.probe.npz`), { folds: 0 });
    expect(Math.abs(report.probe.meanLoss! / recorded(`keras/${name}.json`).meanLoss! - 1)).toBeLessThan(1e-12);
    expect(report.skipped.filter((s) => s.side !== 'gradient')).toEqual([]);
  });

  it('the files of a TensorFlow.js model, and its folder', async () => {
    const files = await analyzeFiles(fixture(...['model.json', 'group1-shard1of3.bin', 'group1-shard2of3.bin', 'group1-shard3of3.bin'].map((f) => `tfjs/plain/${f}`)), { folds: 0, samples: 8 });
    const folder = await analyzeFiles(fixture('tfjs/plain'), { folds: 0, samples: 8 });
    expect(new Set(files.spectra.map((s) => s.tap.layer)).size).toBeGreaterThan(4);
    expect(folder.spectra.map((s) => s.eigenvalues)).toEqual(files.spectra.map((s) => s.eigenvalues));
  });
});
