/** Elementwise arithmetic and reductions in float64. One loop per operation, so that each is compiled for itself. */
import { exp, log, tanh } from '../../base/elementary';
import { erf } from '../erf';
import type { Shape, Unary } from '../ops';
import { sizeOf } from '../shape';
import { takeArray } from './storage';
import { broadcastStrides, forEachLine, mergedLoops, stridesOf } from './strides';

export type Binary = 'add' | 'sub' | 'mul' | 'div';

/** out[o + i] = a[p + i * sp] (op) b[q + i * sq] for i < n */
type Line = (a: Float64Array, p: number, sp: number, b: Float64Array, q: number, sq: number, out: Float64Array, o: number, n: number) => void;

// Where both run along their arrays, as nearly always, the loop has one index and is several times faster.
const lines: Record<Binary, Line> = {
  add: (a, p, sp, b, q, sq, out, o, n) => {
    if (sp === 1 && sq === 1) for (let i = 0; i < n; i++) out[o + i] = a[p + i]! + b[q + i]!;
    else for (let i = 0; i < n; i++, p += sp, q += sq) out[o + i] = a[p]! + b[q]!;
  },
  sub: (a, p, sp, b, q, sq, out, o, n) => {
    if (sp === 1 && sq === 1) for (let i = 0; i < n; i++) out[o + i] = a[p + i]! - b[q + i]!;
    else for (let i = 0; i < n; i++, p += sp, q += sq) out[o + i] = a[p]! - b[q]!;
  },
  mul: (a, p, sp, b, q, sq, out, o, n) => {
    if (sp === 1 && sq === 1) for (let i = 0; i < n; i++) out[o + i] = a[p + i]! * b[q + i]!;
    else for (let i = 0; i < n; i++, p += sp, q += sq) out[o + i] = a[p]! * b[q]!;
  },
  div: (a, p, sp, b, q, sq, out, o, n) => {
    if (sp === 1 && sq === 1) for (let i = 0; i < n; i++) out[o + i] = a[p + i]! / b[q + i]!;
    else for (let i = 0; i < n; i++, p += sp, q += sq) out[o + i] = a[p]! / b[q]!;
  },
};

/** a (op) b, both broadcast to `shape`. */
export function binary(op: Binary, a: Float64Array, aShape: Shape, b: Float64Array, bShape: Shape, shape: Shape): Float64Array {
  const out = takeArray(sizeOf(shape));
  const loops = mergedLoops(shape, [stridesOf(shape), broadcastStrides(aShape, shape), broadcastStrides(bShape, shape)]);
  const n = loops.lengths.at(-1)!;
  const sp = loops.strides[1]!.at(-1)!;
  const sq = loops.strides[2]!.at(-1)!;
  const line = lines[op];
  forEachLine(loops, ([o, p, q]) => line(a, p!, sp, b, q!, sq, out, o!, n));
  return out;
}

const functions: Record<Unary, (x: Float64Array, out: Float64Array) => void> = {
  exp: (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = exp(x[i]!);
  },
  log: (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = log(x[i]!);
  },
  sqrt: (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = Math.sqrt(x[i]!);
  },
  reciprocal: (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = 1 / x[i]!;
  },
  tanh: (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = tanh(x[i]!);
  },
  sigmoid: (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = 1 / (1 + exp(-x[i]!));
  },
  erf: (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = erf(x[i]!);
  },
  // Signs cannot be predicted: the choice is an index, not a branch. NaN stays NaN.
  relu: (x, out) => {
    const choice = new Float64Array(2);
    for (let i = 0; i < x.length; i++) {
      choice[0] = x[i]!;
      out[i] = choice[Number(x[i]! < 0)]!;
    }
  },
  step: (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = Number(x[i]! > 0);
  },
};

export function unary(f: Unary, x: Float64Array): Float64Array {
  const out = takeArray(x.length);
  functions[f](x, out);
  return out;
}

export function affine(x: Float64Array, scale: number, shift: number): Float64Array {
  const out = takeArray(x.length);
  for (let i = 0; i < x.length; i++) out[i] = scale * x[i]! + shift;
  return out;
}

/** Reduces `x` to `reduced`, its shape with length 1 at the axes that go. */
export function reduce(op: 'sum' | 'max', x: Float64Array, shape: Shape, reduced: Shape): Float64Array {
  const out = takeArray(sizeOf(reduced)).fill(op === 'max' ? -Infinity : 0);
  const loops = mergedLoops(shape, [stridesOf(shape), broadcastStrides(reduced, shape)]);
  const n = loops.lengths.at(-1)!;
  const line = op === 'sum' ? sumLine : maxLine;
  const stride = loops.strides[1]!.at(-1)!;
  forEachLine(loops, ([p, o]) => line(x, p!, out, o!, stride, n));
  return out;
}

/** `stride` is 0 where the line is summed up and 1 where it is added, value by value, to the output. */
function sumLine(x: Float64Array, p: number, out: Float64Array, o: number, stride: number, n: number): void {
  if (stride !== 0) {
    for (let i = 0; i < n; i++, o += stride) out[o]! += x[p + i]!;
    return;
  }
  let total = out[o]!;
  for (let i = 0; i < n; i++) total += x[p + i]!;
  out[o] = total;
}

function maxLine(x: Float64Array, p: number, out: Float64Array, o: number, stride: number, n: number): void {
  for (let i = 0; i < n; i++, o += stride) out[o] = Math.max(out[o]!, x[p + i]!);
}
