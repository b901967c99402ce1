/** Every bundled example gives its known answer. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Gallery, agrees } from '../../src/analysis/example';
import { ROOT, analyzeFiles } from './run';

const gallery = Gallery.parse(JSON.parse(readFileSync(join(ROOT, 'public/examples/index.json'), 'utf8')));

describe('the gallery', () => {
  it('has examples with different names', () => {
    expect(gallery.length).toBeGreaterThanOrEqual(6);
    expect(new Set(gallery.map((e) => e.id)).size).toBe(gallery.length);
  });

  it.each(gallery.map((e) => [e.id, e] as const))('%s: finds what theory says', async (_, example) => {
    const report = await analyzeFiles(example.files.map((f) => join('public/examples', f)), example.request);
    const found = example.expect.map(({ layer, side }) => {
      const s = report.spectra.find((x) => x.tap.layer === layer && x.tap.side === side);
      return { layer, side, deficit: s?.deficit };
    });
    expect(found).toEqual(example.expect);
    expect(agrees(example, report)).toBe(true);
    expect(report.layers.some((l) => l.name === example.focus.layer)).toBe(true);
  });
});
