import { expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { chineseRemainder, coprimeModuli, digitsOf } from '../../src/numerics/exact/moduli';

it.each([20, 94, 106, 240])('the Chinese remainder theorem gives back integers of %i bits with a sign', (bits) => {
  const moduli = coprimeModuli(2047, bits + 2);
  const words = Math.ceil(bits / 32);
  const { inverses, weights, product } = chineseRemainder(moduli);
  const weight = (row: number) =>
    digitsOf(row < moduli.length ? weights[row]! : -product, 2 * words, 16).reduceRight((sum, digit) => (sum << 16n) | BigInt(digit), 0n);
  const random = new Random(bits);
  for (let trial = 0; trial < 20; trial++) {
    let integer = 0n;
    for (let b = 0; b < bits; b += 20) integer = (integer << 20n) | BigInt(random.integer(2 ** 20));
    integer = BigInt.asIntN(bits, integer);
    let sum = 0n;
    let quotient = 0;
    moduli.forEach((m, k) => {
      const remainder = Number(((integer % BigInt(m)) + BigInt(m)) % BigInt(m));
      const c = (remainder * inverses[k]!) % m;
      sum += BigInt(c) * weight(k);
      quotient += c / m;
    });
    sum += BigInt(Math.round(quotient)) * weight(moduli.length);
    expect(BigInt.asIntN(32 * words, sum)).toBe(integer);
  }
});
