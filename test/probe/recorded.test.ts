/** Recorded outputs: how far a network is from them, and what a probe file that holds them may look like. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { outputComparison, outputNote } from '../../src/analysis/recorded-outputs';
import { probeFromFile, type ProbeFileContent } from '../../src/probe/file';
import { OutputComparison } from '../../src/probe/recorded';
import { analyzeFiles } from '../analysis/run';
import { filesOf, recordedAt, statedDifference, writeRecordedProbe } from '../model/recorded-files';

const folder = mkdtempSync(join(tmpdir(), 'deadreckon-recorded-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a comparison', () => {
  const recorded = (values: number[], roundoff = 2 ** -24) => ({ name: 'outputs', roundoff, values: Float64Array.from(values) });

  it('is the largest difference over the largest recorded value, chunk by chunk', () => {
    const comparison = new OutputComparison(recorded([1, -4, 2, 3]), 2);
    comparison.add(Float64Array.of(1, -4), 0);
    expect(comparison.agreement(2 ** -53)).toBeNull();
    comparison.add(Float64Array.of(2, 2.5), 1);
    expect(comparison.agreement(2 ** -53)).toEqual({ name: 'outputs', values: 4, difference: 0.5 / 4, rounding: 2 ** -15, probabilities: false });
  });

  it('takes the softmax where rows are probabilities', () => {
    const comparison = new OutputComparison(recorded([0.25, 0.75, 0.5, 0.5]), 2);
    comparison.add(Float64Array.of(0, Math.log(3), 700, 700), 0);
    expect(comparison.agreement(0)).toMatchObject({ probabilities: true });
    expect(comparison.agreement(0)!.difference).toBeLessThan(1e-15);
  });

  it('takes it of as many classes as the largest vocabularies have', () => {
    const classes = 2 ** 18;
    const comparison = new OutputComparison(recorded(new Array<number>(classes).fill(1 / classes)), classes);
    comparison.add(new Float64Array(classes).fill(3), 0);
    expect(comparison.agreement(0)).toMatchObject({ values: classes, difference: 0, probabilities: true });
  });

  it('is as far off as can be where the network gives NaN, and allows float16 no more than a sixteenth', () => {
    const comparison = new OutputComparison(recorded([1, 2], 2 ** -11), 1);
    comparison.add(Float64Array.of(1, NaN), 0);
    expect(comparison.agreement(2 ** -53)).toMatchObject({ difference: Number.MAX_VALUE, rounding: 2 ** -4 });
  });
});

describe('the words for it', () => {
  const words = (difference: number) => {
    const recorded = { name: 'logits', values: 6, difference, rounding: 2 ** -15, probabilities: false };
    const report = { probe: { recorded }, provenance: { partial: false } } as unknown as Parameters<typeof outputComparison>[0];
    return [outputNote({ recorded })!.words, outputComparison(report)[0]];
  };

  it('have a number where one tells how far off they are', () => {
    expect(words(0)[0]).toBe('outputs agree with those recorded, to 0');
    expect(words(1.234)[0]).toBe('outputs differ from those recorded, by 1.2');
    expect(words(0.03)[1]).toContain('they differ by up to 3.0e-2 of the largest value, and rounding usually explains 3.1e-5. Check');
    const [note, sentence] = words(Number.MAX_VALUE);
    expect(note).toBe('outputs differ from those recorded');
    expect(sentence).toContain("('logits', 6 values): they are not finite, or nothing but zeros was recorded. Check");
  });
});

describe('a probe file', () => {
  const spec = { input: { kind: 'tokens', vocabulary: 5, context: 8 }, outputs: 3, samples: 2, positions: null, seed: 0 } as const;
  const content = (shape: number[], values = new Float64Array(shape.reduce((a, b) => a * b, 1))): ProbeFileContent => ({
    file: 'p.npz',
    inputs: { name: 'inputs', shape: [4, 2], integers: true, values: new Float64Array(8) },
    targets: null,
    outputs: { name: 'logits', shape, integers: false, values, roundoff: 2 ** -24 },
  });

  it('keeps the outputs of the samples that are used', async () => {
    const probe = await probeFromFile(content([4, 2, 3], Float64Array.from({ length: 24 }, (_, i) => i)), spec);
    expect(probe.recorded).toMatchObject({ name: 'logits', roundoff: 2 ** -24 });
    expect(Array.from(probe.recorded!.values)).toEqual(Array.from({ length: 12 }, (_, i) => i));
  });

  it('says which shape it should have, and what is not finite', async () => {
    await expect(probeFromFile(content([4, 3]), spec)).rejects.toThrow("p.npz: 'logits' has shape [4, 3]; outputs of this model for these inputs are [4, 2, 3].");
    await expect(probeFromFile(content([4, 2, 3], new Float64Array(24).fill(NaN, 7)), spec)).rejects.toThrow("p.npz: 'logits' holds NaN for sample 1.");
  });
});

describe('an analysis', () => {
  const conv = recordedAt('families/timm-vit');
  const probe = join(folder, 'timm-vit.probe.safetensors');

  it('states that a network gives what its library recorded, and that a wrong assumption does not', async () => {
    await writeRecordedProbe(conv, probe);
    const right = await analyzeFiles([...filesOf(conv), probe], { folds: 0 });
    expect(statedDifference(outputComparison(right).join())).toBeLessThan(1e-10);
    const wrong = await analyzeFiles([...filesOf(conv), probe], { folds: 0, choices: { activation: 'relu' } });
    expect(outputComparison(wrong)[0]).toMatch(/^Outputs do not agree with the outputs recorded in the probe \('logits', \d+ values\): they differ by up to \d\.\de-\d of the largest value, and rounding usually explains 1\.5e-11\./);
  });
});
