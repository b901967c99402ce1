/** What public/handoff/*.py dump from models that no loader here knows: read like any analysis. test/fixtures/make_bundles.py made the numbers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { analyzeFiles, ROOT } from './run';

const FOLDER = 'test/fixtures/bundles';

interface Expected {
  file: string;
  spectra: Record<string, number[]>;
}

describe.each(['odd', 'jax'])('%s', (name) => {
  it('every layer: the spectrum of per-sample parameter gradients as numpy has it, to 1e-10', async () => {
    const expected = JSON.parse(readFileSync(join(ROOT, FOLDER, `${name}.json`), 'utf8')) as Expected;
    const report = await analyzeFiles([join(FOLDER, expected.file)]);
    expect(report.skipped).toEqual([]);
    for (const [layer, values] of Object.entries(expected.spectra)) {
      const found = report.spectra.find((s) => s.tap.layer === layer && s.tap.side === 'parameter')!;
      // Gradients of a softmax sum to zero over the classes: the head has dead dimensions.
      const live = values.filter((value) => value > 1e-20 * values[0]!);
      expect(found.rank, layer).toBe(live.length);
      live.forEach((truth, i) => expect(Math.abs(found.eigenvalues[i]! / truth - 1), `${layer} #${i}`).toBeLessThan(1e-10));
    }
  });
});

it('a torch bundle also holds what every layer reads and the gradients of what it gives, rows by row', async () => {
  const report = await analyzeFiles([join(FOLDER, 'odd.safetensors')]);
  const size = (layer: string, side: string) => report.spectra.filter((s) => s.tap.layer === layer && s.tap.side === side).map((s) => [s.rows, s.dimension]);
  // 20 samples: 4 patches of 2 x 3 x 3 for the convolution, 4 steps of the recurrence, one reading of the head.
  expect(size('conv', 'activation')).toEqual([[80, 18]]);
  expect(size('step', 'gradient')).toEqual([[80, 4]]);
  expect(size('head', 'activation')).toEqual([[20, 4]]);
});

it.each(['deadreckon_torch.py', 'deadreckon_jax.py'])('%s stays a file of at most 60 lines', (file) => {
  expect(readFileSync(join(ROOT, 'public/handoff', file), 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(60);
});
