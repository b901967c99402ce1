/**
 * Memory of arrays that were given back, for the next arrays of about the same length: memory that is fresh is mapped and zeroed page
 * by page, which takes longer than most operations on it.
 */

/** Shorter arrays are left to the garbage collector. */
const SHORTEST = 2 ** 10;
/** Values kept at most (128 MiB). */
const MOST = 2 ** 24;
/** Lengths are rounded up to multiples of this part of their leading power of two. */
const STEPS = 8;

const kept = new Map<number, ArrayBuffer[]>();
let total = 0;

/** An array that holds anything. */
export function takeArray(length: number): Float64Array<ArrayBuffer> {
  if (length < SHORTEST) return new Float64Array(length);
  const capacity = capacityFor(length);
  const buffer = kept.get(capacity)?.pop();
  if (buffer) total -= capacity;
  return new Float64Array(buffer ?? new ArrayBuffer(8 * capacity), 0, length);
}

/** `values` is of `takeArray`, and nobody reads or writes it from now on. */
export function giveArray(values: Float64Array): void {
  if (values.length < SHORTEST) return;
  const buffer = values.buffer as ArrayBuffer;
  const capacity = buffer.byteLength / 8;
  if (capacity > MOST) return;
  // Lengths change with the model: what is kept of those before must not stay for good.
  if (total + capacity > MOST) {
    kept.clear();
    total = 0;
  }
  const same = kept.get(capacity);
  if (same) same.push(buffer);
  else kept.set(capacity, [buffer]);
  total += capacity;
}

function capacityFor(length: number): number {
  const step = 2 ** Math.floor(Math.log2(length)) / STEPS;
  return step * Math.ceil(length / step);
}
