/**
 * Arrays that were given back, for the next ones of the same length: memory that is fresh is mapped and zeroed page by page, which
 * takes longer than most operations on it.
 */

/** Shorter arrays are left to the garbage collector. */
const SHORTEST = 2 ** 10;
/** Values kept at most (128 MiB). */
const MOST = 2 ** 24;

const kept = new Map<number, Float64Array[]>();
let total = 0;

/** An array that holds anything. */
export function takeArray(length: number): Float64Array {
  const values = kept.get(length)?.pop();
  if (!values) return new Float64Array(length);
  total -= length;
  return values;
}

/** Nobody reads or writes `values` from now on. */
export function giveArray(values: Float64Array): void {
  const { length } = values;
  if (length < SHORTEST || length > MOST) return;
  // Lengths change with the model: what is kept of those before must not stay for good.
  if (total + length > MOST) {
    kept.clear();
    total = 0;
  }
  const same = kept.get(length);
  if (same) same.push(values);
  else kept.set(length, [values]);
  total += length;
}
