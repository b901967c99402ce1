/** Exact arithmetic on float64 numbers: each is a BigInt times a power of two. */

/** x * 2^bits as an integer; x must be a multiple of 2^-bits. */
export function toBigInt(x: number, bits: number): bigint {
  if (x === 0) return 0n;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const word = view.getBigUint64(0);
  const biased = Number((word >> 52n) & 0x7ffn);
  const mantissa = (word & (2n ** 52n - 1n)) | (biased ? 2n ** 52n : 0n);
  const shift = Math.max(biased, 1) - 1075 + bits;
  if (shift < 0 && mantissa & (2n ** BigInt(-shift) - 1n)) throw new Error(`${x} is not a multiple of 2^-${bits}`);
  const magnitude = shift >= 0 ? mantissa << BigInt(shift) : mantissa >> BigInt(-shift);
  return word >> 63n ? -magnitude : magnitude;
}

/** integer * 2^-bits, rounded to about 53 bits. */
export function fromBigInt(integer: bigint, bits: number): number {
  const sign = integer < 0n ? -1 : 1;
  const magnitude = integer < 0n ? -integer : integer;
  const drop = Math.max(0, magnitude.toString(2).length - 64);
  return sign * Number(magnitude >> BigInt(drop)) * 2 ** (drop - bits);
}

/** A decimal number, as '-1.25e-7', times 2^bits, rounded down. */
export function decimalToBigInt(text: string, bits: number): bigint {
  const [mantissa = '', exponent = '0'] = text.split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const power = Number(exponent) - fraction.length;
  const scaled = BigInt(whole + fraction) << BigInt(bits);
  return power >= 0 ? scaled * 10n ** BigInt(power) : scaled / 10n ** BigInt(-power);
}
