/** Exact powers of two: scaling by them changes no bit of a mantissa, so readings are exactly scale-equivariant. */

const view = new DataView(new ArrayBuffer(8));

/** e such that 2^(e-1) <= |x| < 2^e; 0 for x = 0. x is finite. */
export function exponentOf(x: number): number {
  if (x === 0) return 0;
  view.setFloat64(0, x);
  const biased = (view.getUint32(0) >>> 20) & 0x7ff;
  return biased === 0 ? exponentOf(x * 2 ** 64) - 64 : biased - 1022;
}

/** The largest |x|; NaN as soon as one entry is NaN. */
export function largestMagnitude(values: Float64Array | Float32Array): number {
  let max = 0;
  for (let i = 0; i < values.length; i++) {
    const x = Math.abs(values[i]!);
    if (!(x <= max)) {
      if (Number.isNaN(x)) return NaN;
      max = x;
    }
  }
  return max;
}

/** A copy of `values` times 2^exponent, in two exact steps so that the factor itself never overflows; into `out` where it is given. */
export function scaledCopy(
  values: Float64Array | Float32Array,
  exponent: number,
  out: Float64Array = new Float64Array(values.length),
): Float64Array {
  const [first, second] = powerFactors(exponent);
  for (let i = 0; i < out.length; i++) out[i] = values[i]! * first * second;
  return out;
}

/** Writes the lower triangle of a row-major [n, n] matrix times 2^exponent to `out`, rows `stride` apart. */
export function scaledLower(values: Float64Array, n: number, exponent: number, out: Float64Array, stride: number): Float64Array {
  const [first, second] = powerFactors(exponent);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) out[i * stride + j] = values[i * n + j]! * first * second;
  }
  return out;
}

/** Two powers of two with the product 2^exponent, which itself may be out of range. */
export function powerFactors(exponent: number): [number, number] {
  const half = Math.trunc(exponent / 2);
  return [2 ** half, 2 ** (exponent - half)];
}
