/** Exact fractions of safe integers, in lowest terms with a positive denominator. */

export interface Rational {
  readonly numerator: number;
  readonly denominator: number;
}

/** numerator / denominator. Throws a RangeError when it is no fraction of integers below 2^53. */
export function rational(numerator: number, denominator = 1): Rational {
  if (!Number.isSafeInteger(numerator) || !Number.isSafeInteger(denominator) || denominator === 0) {
    throw new RangeError(`${numerator} / ${denominator} is not a fraction of integers below 2^53`);
  }
  const divisor = Math.sign(denominator) * greatestCommonDivisor(Math.abs(numerator), Math.abs(denominator));
  // + 0 turns -0 into 0.
  return { numerator: numerator / divisor + 0, denominator: denominator / divisor };
}

export function sum(...terms: readonly Rational[]): Rational {
  return terms.reduce(
    (a, b) => rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator),
    rational(0),
  );
}

/** Negative, zero or positive as a is less than, equal to or greater than b. */
export function compare(a: Rational, b: Rational): number {
  return a.numerator * b.denominator - b.numerator * a.denominator;
}

export function toNumber({ numerator, denominator }: Rational): number {
  return numerator / denominator;
}

/** '3/2', '7'. */
export function format({ numerator, denominator }: Rational): string {
  return denominator === 1 ? `${numerator}` : `${numerator}/${denominator}`;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
