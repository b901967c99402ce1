/** The slope of one checkpoint: chains whose number of dead directions and rates are known. */
import { describe, expect, it } from 'vitest';
import { fitAll, type PathFit } from '../../src/analysis/slopes';
import { verdictOf } from '../../src/analysis/slope-verdict';
import { Session } from '../../src/analysis/session';
import { walkFiles } from '../../src/cli/file-source';
import { ROOT } from './run';
import { chain, tracedLine } from './traced';

const fitted = (t: Parameters<typeof fitAll>[0]) => new Map(fitAll(t, 'log distance', null, { threshold: 0, digits: null }).map((f) => [`${f.layer} ${f.side}`, f]));
const zeros = (r: number) => new Array<number>(r).fill(0);

describe('deep linear chains with r dead channels', () => {
  it.each([1, 2, 3, 4].flatMap((r) => [2, 3].map((depth) => [r, depth] as const)))('r = %i, depth %i: the ratio is r within 0.03, the smallest eigenvalue does not see r', async (r, depth) => {
    const fits = fitted(await tracedLine(chain(7, depth, zeros(r)), { seed: 1 }));
    for (let l = 0; l < depth; l++) {
      // Layer l + 1 sees l + 1 moved factors: its singular values grow as the product, eigenvalues as its square (science.md 2f).
      expectSlope(fits.get(`${l} activation`)!, r, 2 * (l + 1));
      if (l < depth - 1) expectSlope(fits.get(`${l} gradient`)!, r, 2 * (depth - 1 - l));
      else expect(fits.get(`${l} gradient`)).toMatchObject({ deficit: 0, ratio: null });
    }
  });

  it('is not taken in by seeds', async () => {
    for (const seed of [2, 3]) expectSlope(fitted(await tracedLine(chain(6, 2, zeros(2)), { seed })).get('0 activation')!, 2, 2);
  });
});

function expectSlope(fit: PathFit, r: number, rate: number): void {
  expect(fit).toMatchObject({ deficit: r, died: r });
  expect(Math.abs(fit.ratio!.value - r), `${fit.layer} ${fit.side}`).toBeLessThan(0.03);
  // The largest rates have the fewest steps above the floor.
  expect(Math.abs(fit.smallest!.value - rate), `${fit.layer} ${fit.side}`).toBeLessThan(rate > 4 ? 0.1 : 0.02);
  expect(verdictOf(fit, false)).toMatchObject({ count: r, agrees: true });
}

describe('what the verdict says', () => {
  const open = async (file: string) => {
    const session = new Session();
    const { checkpoints } = await session.open((await walkFiles([`${ROOT}/public/examples/${file}`])).files);
    return session.checkpoint(checkpoints[0]!.id);
  };

  it('reduced-rank: three dead hidden directions, and two outputs that no weights can reach', async () => {
    const fits = fitted(await tracedLine(await open('reduced-rank.npz'), { seed: 0 }, { samples: 200, folds: 0 }));
    expectSlope(fits.get('linears.0 activation')!, 3, 2);
    expectSlope(fits.get('linears.0 gradient')!, 3, 2);
    const output = fits.get('linears.1 activation')!;
    expect(output).toMatchObject({ deficit: 5, died: 3 });
    expect(Math.abs(output.ratio!.value - 3)).toBeLessThan(0.03);
    expect(verdictOf(output, false)).toMatchObject({ count: 3, agrees: true, sentence: expect.stringContaining('2 of 5 dead stay dead') });
  });

  it('directions that die at different rates are counted by their sum', async () => {
    // The second layer alone is singular: of the two layers' dead channels one needs one moved factor, the other two.
    const base = chain(6, 2, [0, 0]);
    const first = Float64Array.from(await base.tensors.get('0.weight')!.values());
    first[4 * 6 + 4] = 1;
    const tensors = new Map(base.tensors);
    tensors.set('0.weight', { ...base.tensors.get('0.weight')!, values: async () => first, bytes: async () => new Uint8Array(first.buffer) });
    const fit = fitted(await tracedLine({ ...base, tensors }, { seed: 1 })).get('1 activation')!;
    expect(fit).toMatchObject({ deficit: 2, died: 2 });
    expect(fit.rates.map(Math.round).sort()).toEqual([2, 4]);
    expect(verdictOf(fit, false)).toMatchObject({ count: 2, agrees: true, sentence: expect.stringContaining('1 × 2 + 1 × 4') });
  });

  it('a gauge that holds everywhere is named, not counted', async () => {
    const fits = fitted(await tracedLine(chain(4, 2, []), { seed: 1 }, { choices: { activation: 'linear' }, loss: 'ce', samples: 96, folds: 0 }));
    // Logits shifted by one number give the same probabilities: their gradients sum to zero at all weights.
    const shift = fits.get('1 gradient')!;
    expect(shift).toMatchObject({ deficit: 1, died: 0, ratio: null });
    expect(verdictOf(shift, false)).toMatchObject({ count: 0, agrees: true, sentence: expect.stringContaining('gauge of the loss') });
  });
});
