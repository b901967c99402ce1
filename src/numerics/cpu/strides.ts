/** Walks over row-major arrays, with neighbouring axes merged where every operand allows it, so that inner loops are long. */
import type { Shape } from '../ops';

/** Row-major strides. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** Strides of an operand of shape `from` seen as broadcast to `to`: 0 along every axis that repeats. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const own = stridesOf(from);
  const missing = to.length - from.length;
  return to.map((_, axis) => (axis < missing || from[axis - missing] === 1 ? 0 : own[axis - missing]!));
}

/** A loop nest: `lengths[i]` steps, each of `strides[operand][i]` in that operand's array. At least one axis. */
export interface Loops {
  readonly lengths: readonly number[];
  readonly strides: readonly (readonly number[])[];
}

/** Drops axes of length 1 and merges an axis with the next where all operands step through both as through one. */
export function mergedLoops(shape: Shape, strides: readonly (readonly number[])[]): Loops {
  const lengths: number[] = [];
  const merged: number[][] = strides.map(() => []);
  for (let axis = 0; axis < shape.length; axis++) {
    const length = shape[axis]!;
    if (length === 1) continue;
    const last = lengths.length - 1;
    if (last >= 0 && strides.every((own, operand) => merged[operand]![last] === own[axis]! * length)) {
      lengths[last]! *= length;
      strides.forEach((own, operand) => (merged[operand]![last] = own[axis]!));
    } else {
      lengths.push(length);
      strides.forEach((own, operand) => merged[operand]!.push(own[axis]!));
    }
  }
  if (lengths.length === 0) {
    lengths.push(1);
    merged.forEach((own) => own.push(0));
  }
  return { lengths, strides: merged };
}

/** Calls `inner` once for every step of all axes but the last, with each operand's offset there. */
export function forEachLine(loops: Loops, inner: (offsets: readonly number[]) => void): void {
  const outer = loops.lengths.length - 1;
  if (loops.lengths.includes(0)) return;
  const counter = new Array<number>(outer).fill(0);
  const offsets = loops.strides.map(() => 0);
  for (;;) {
    inner(offsets);
    let axis = outer - 1;
    for (; axis >= 0; axis--) {
      const wraps = ++counter[axis]! === loops.lengths[axis]!;
      const back = wraps ? loops.lengths[axis]! - 1 : 0;
      for (let operand = 0; operand < offsets.length; operand++) {
        const stride = loops.strides[operand]![axis]!;
        offsets[operand]! += wraps ? -back * stride : stride;
      }
      if (!wraps) break;
      counter[axis] = 0;
    }
    if (axis < 0) return;
  }
}
