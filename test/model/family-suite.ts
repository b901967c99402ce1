/**
 * What is held of every family (test/fixtures/make_families.py and make_families2.py): the library's logits from the files alone, and every null
 * dimension of a small cut explained by a symmetry.
 */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import type { Batch, Model } from '../../src/model/types';
import { modelOf, type Family } from './family-files';
import { holdLibraryRun } from './library-run';
import { audit } from './null-space';

/** Random inputs, enough for every parameter to be seen in every way; every token is seen. */
async function enough(model: Model): Promise<Batch> {
  const random = new Random(3);
  const size = [...(await model.parameters()).values()].reduce((sum, { values }) => sum + values.length, 0);
  const rows = (1.5 * size) / (model.outputs - 1);
  if (model.input.kind === 'vector') {
    const samples = Math.ceil(rows);
    return { kind: 'vector', values: random.normals(samples * model.input.width), samples, width: model.input.width };
  }
  const { vocabulary, context } = model.input;
  const positions = Math.min(10, context);
  const pooled = model.layers.at(-1)!.positions === 1;
  const samples = Math.max(10, Math.ceil(pooled ? rows : rows / positions));
  const ids = Int32Array.from({ length: samples * positions }, (_, i) => (i < vocabulary ? i : Math.floor(vocabulary * random.uniform())));
  return { kind: 'tokens', ids, samples, positions };
}

export function holdFamilies(families: readonly Family[]): void {
  describe.each(families)('$name', (family) => {
    const read = holdLibraryRun(family);

    it('has an unembedding that is the embedding, where it is tied', () => {
      expect(read.model.layers.at(-1)!.dense!.inputAxis).toBe(family.tied ? 1 : 0);
    });

    it('explains every null dimension, of its first layer alone where that will do', { timeout: 120_000 }, async () => {
      const { checkpoint } = read;
      const cut = await modelOf({ ...checkpoint, tensors: new Map([...checkpoint.tensors].filter(([tensor]) => !family.layer?.test(tensor))) });
      const { nullity, span } = await audit(cut, await enough(cut), 'ce');
      expect(span).toBe(nullity);
      expect(span).toBeGreaterThanOrEqual(40);
    });
  });
}
