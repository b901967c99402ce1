/** Hashes of Grams: they tell every bit, and nothing else. */
import { describe, expect, it } from 'vitest';
import { compareGrams, fingerprintOf, gramHash } from '../../src/analysis/fingerprint';
import type { Spectrum } from '../../src/analysis/report';
import { Random } from '../../src/base/random';
import { gramOfRows } from '../../src/numerics/cpu/gram';

const x = new Random(1).normals(20 * 3);
const spectrum = (layer: string, sha256: string, top = 1) => ({ tap: { layer, side: 'activation' }, gram: { of: 'words', sha256 }, eigenvalues: [top] }) as unknown as Spectrum;

describe('the hash of a Gram', () => {
  it('is the same for the same rows, and another for one bit less', async () => {
    const gram = gramOfRows(x, 20, 3);
    const hash = await gramHash(gram);
    expect(hash.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(await gramHash(gramOfRows(x.slice(), 20, 3))).toEqual(hash);
    const lo = gram.lo!.slice();
    lo[4]! += 2 ** -1074;
    // A denormal may be lost in a sum: flip the word itself.
    new BigUint64Array(lo.buffer)[4]! ^= 1n;
    expect(await gramHash({ ...gram, lo })).not.toEqual(hash);
  });

  it('is that of the integers where the rows are float32', async () => {
    const gram = gramOfRows(Float32Array.from(x), 20, 3);
    expect(gram.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(await gramHash(gram)).toEqual({ of: 'integers', sha256: gram.digest });
  });
});

describe('the comparison of two runs', () => {
  it('tells what is the same, what is not, and what only one has', async () => {
    const given = [spectrum('a', 'x'), spectrum('b', 'y', 2), spectrum('c', 'z')];
    const made = [spectrum('b', 'other', 1), spectrum('a', 'x'), spectrum('d', 'w')];
    expect(compareGrams(given, made)).toEqual({
      same: 1,
      different: [{ layer: 'b', side: 'activation', largest: 0.5 }],
      missing: [{ layer: 'c', side: 'activation' }, { layer: 'd', side: 'activation' }],
    });
    expect(await fingerprintOf(given)).not.toBe(await fingerprintOf(made));
    expect(await fingerprintOf(given)).toBe(await fingerprintOf([...given]));
  });
});
