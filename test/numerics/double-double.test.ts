import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { ddAdd, ddDiv, ddMul, ddSqrt, ddSub, productError, sumError } from '../../src/numerics/double-double';
import type { DoubleDouble } from '../../src/numerics/double-double';
import { fromBigInt, toBigInt } from '../oracle/exact';

const BITS = 400;
const exact = (x: DoubleDouble) => toBigInt(x.hi, BITS) + toBigInt(x.lo, BITS);

function pairs(count: number): DoubleDouble[] {
  const random = new Random(11);
  return Array.from({ length: count }, () => {
    const hi = random.normal() * 2 ** (random.integer(40) - 20);
    return ddAdd({ hi, lo: 0 }, { hi: hi * random.normal() * 2 ** -54, lo: 0 });
  });
}

/** |got - want| / |scale| where all are integers at 2^-bits. */
const relative = (got: bigint, want: bigint, scale: bigint) => Math.abs(fromBigInt(got - want, BITS) / fromBigInt(scale, BITS));

describe('double-double', () => {
  const x = pairs(300);
  const y = pairs(300).reverse();

  it('error-free transformations are exact', () => {
    for (let i = 0; i < 300; i++) {
      const a = x[i]!.hi;
      const b = y[i]!.hi;
      expect(toBigInt(a + b, BITS) + toBigInt(sumError(a, b, a + b), BITS)).toBe(toBigInt(a, BITS) + toBigInt(b, BITS));
      const p = toBigInt(a * b, BITS) + toBigInt(productError(a, b, a * b), BITS);
      expect(p << BigInt(BITS)).toBe(toBigInt(a, BITS) * toBigInt(b, BITS));
    }
  });

  it('sum, difference, product, quotient and root are right to 2^-100', () => {
    const one = 1n << BigInt(BITS);
    for (let i = 0; i < 300; i++) {
      const a = exact(x[i]!);
      const b = exact(y[i]!);
      const size = (a < 0n ? -a : a) + (b < 0n ? -b : b);
      expect(relative(exact(ddAdd(x[i]!, y[i]!)), a + b, size)).toBeLessThan(2 ** -100);
      expect(relative(exact(ddSub(x[i]!, y[i]!)), a - b, size)).toBeLessThan(2 ** -100);
      expect(relative(exact(ddMul(x[i]!, y[i]!)) * one, a * b, a * b)).toBeLessThan(2 ** -100);
      expect(relative(exact(ddDiv(x[i]!, y[i]!)) * b, a * one, a * one)).toBeLessThan(2 ** -100);
      const square = ddMul(x[i]!, x[i]!);
      expect(relative(exact(ddSqrt(square)), a < 0n ? -a : a, a)).toBeLessThan(2 ** -100);
    }
  });

  it('the root of zero is zero', () => {
    expect(ddSqrt({ hi: 0, lo: 0 })).toEqual({ hi: 0, lo: 0 });
  });
});
