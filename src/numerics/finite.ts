/** What every spectrum needs of its data. */
import { InputError } from '../base/errors';

/** Throws InputError `not-finite`, which says how many values of x [rows, d] are not and where the first is. */
export function assertFinite(x: Float64Array | Float32Array, rows: number, d: number): void {
  if (x.length !== rows * d) throw new Error(`a matrix of ${rows} x ${d} needs ${rows * d} values, got ${x.length}`);
  if (allFinite(x)) return;
  let count = 0;
  let first = 0;
  for (let i = 0; i < x.length; i++) {
    const v = x[i]!;
    if (v - v === 0) continue;
    if (count++ === 0) first = i;
  }
  throw new InputError(
    'not-finite',
    `${count} of ${x.length} values are NaN or infinite, the first at row ${Math.floor(first / d)}, column ${first % d}. ` +
      'A spectrum needs finite values: check the weights and the probe.',
  );
}

/** x * 0 is 0 for what is finite and NaN for the rest: a loop without branches, for nearly always all values are finite. */
export function allFinite(x: Float64Array | Float32Array): boolean {
  let even = 0;
  let odd = 0;
  for (let i = 0; i + 1 < x.length; i += 2) {
    even += x[i]! * 0;
    odd += x[i + 1]! * 0;
  }
  const last = x.length % 2 === 1 ? x[x.length - 1]! * 0 : 0;
  return even + odd + last === 0;
}
