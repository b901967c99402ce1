/** RoBERTa, whose positions leave out padding, and its classifiers. */
import { expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { familyCheckpoint, modelOf, ROBERTA } from './family-files';
import { holdFamilies } from './family-suite';
import { audit } from './null-space';

holdFamilies(ROBERTA);

it('padding and its position are one vector to a RoBERTa without a head', { timeout: 60_000 }, async () => {
  const checkpoint = await familyCheckpoint('roberta');
  const model = await modelOf({ ...checkpoint, tensors: new Map([...checkpoint.tensors].filter(([name]) => !/^lm_head|layer\.1\./.test(name))) });
  expect(model.input).toEqual({ kind: 'tokens', vocabulary: 9, context: 6 });
  const random = new Random(5);
  const ids = Int32Array.from({ length: 20 * 6 }, (_, i) => (i < 9 ? i : Math.floor(9 * random.uniform())));
  const { nullity, span, families } = await audit(model, { kind: 'tokens', ids, samples: 20, positions: 6 }, 'mse');
  expect(span).toBe(nullity);
  expect(families.get('shift between padding and its position')).toBe(6);
});
