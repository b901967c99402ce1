/** Vectors of floating-point numbers as integers, and integers as pairs of floating-point numbers: what comes before and after remainders (residues.ts). */
import { sumError } from '../double-double';
import { reduce } from './residues';

const word = new Float64Array(1);
const halves = new Uint32Array(word.buffer);

export function spanVectors(
  values: Float64Array,
  width: number,
  length: number,
  largest: Float64Array,
  lowest: Float64Array,
  energy: Float64Array,
): void {
  for (let k = 0, at = 0; k < length; k++) {
    for (let i = 0; i < width; i++, at++) {
      const x = values[at]!;
      energy[i]! += x * x;
      largest[i] = Math.max(largest[i]!, Math.abs(x));
      if (x !== 0 && x - x === 0) lowest[i] = Math.min(lowest[i]!, lowestBit(x));
    }
  }
}

/** The power of two that is the lowest bit of a number other than zero. */
function lowestBit(x: number): number {
  word[0] = x;
  const [low, high] = [halves[0]!, halves[1]!];
  if (low === 0 && (high & 0xfffff) === 0) return Math.abs(x);
  if (low !== 0) halves[0] = low & (low - 1);
  else halves[1] = high & (high - 1);
  return Math.abs(x - word[0]!);
}

const [DOWN_48, UP_48, DOWN_35, UP_35] = [2 ** -48, 2 ** 48, 2 ** -35, 2 ** 35];

export function packIntegers(
  values: Float64Array,
  width: number,
  order: Float64Array,
  factors: Float64Array,
  lanes: number,
  first: number,
  count: number,
  length: number,
  pieces: number,
  q: Float64Array,
  plane: number,
): void {
  const columns = new Int32Array(order.buffer, order.byteOffset, lanes);
  for (let lane = first; lane < first + count; lane++) {
    const [outer, inner] = [factors[lane]!, factors[lanes + lane]!];
    let to = (lane & ~7) * length + (lane & 7);
    for (let k = 0, at = columns[lane]!; k < length; k++, at += width, to += 8) {
      const x = Math.trunc(values[at]! * outer * inner);
      if (pieces === 1) {
        q[to] = x;
        continue;
      }
      const upper = Math.trunc(x * DOWN_48);
      q[to] = x - upper * UP_48;
      const top = pieces > 2 ? Math.trunc(upper * DOWN_35) : 0;
      q[plane + to] = upper - top * UP_35;
      if (pieces > 2) q[2 * plane + to] = top;
    }
  }
}

/** Adding it rounds to a whole number. */
const WHOLE = 6755399441055744;
const [DOWN_36, UP_36] = [2 ** -36, 2 ** 36];

export function residuePairs(
  sums: Float64Array,
  sumsAt: number,
  stride: number,
  count: number,
  constants: Float64Array,
  k: number,
  digits: number,
  hi: Float64Array,
  lo: Float64Array,
): void {
  const remainders = new Int32Array(sums.buffer, sums.byteOffset + 8 * sumsAt, stride * (k - 1) + count);
  const record = 3 + digits;
  const shares = k * record + digits;
  const room = shares + 4 * k;
  const integers = new Int32Array(constants.buffer, constants.byteOffset, 2 * k * record);
  const floats = new Float32Array(constants.buffer, constants.byteOffset, 2 * k * record);
  for (let at = 0; at < count; at++) {
    let turns = 0;
    for (let l = 0; l < k; l++) {
      const [m, inverse, weight] = [integers[2 * l * record]!, floats[2 * l * record + 1]!, integers[2 * l * record + 2]!];
      // An integer: zero has no sign.
      const share = reduce(reduce(remainders[l * stride + at]!, m, inverse) * weight, m, inverse) + 0;
      constants[shares + 4 * l + (at & 3)] = share;
      turns += share * constants[l * record + 2]!;
    }
    const whole = turns + WHOLE - WHOLE;
    let carry = 0;
    for (let p = 0; p < digits; p++) {
      let x = 0;
      for (let l = 0; l < k; l++) x += constants[shares + 4 * l + (at & 3)]! * constants[l * record + 3 + p]!;
      x = x - whole * constants[k * record + p]! + carry;
      if (p < digits - 1) carry = Math.floor(x * DOWN_36);
      constants[room + 4 * p + (at & 3)] = p < digits - 1 ? x - carry * UP_36 : x;
    }
    let [h, t] = [0, 0];
    for (let p = digits - 1; p >= 0; p--) {
      h *= UP_36;
      const digit = constants[room + 4 * p + (at & 3)]!;
      const s = h + digit;
      const e = sumError(h, digit, s) + t * UP_36;
      h = s + e;
      t = e - (h - s);
    }
    hi[at] = h;
    lo[at] = t;
  }
}

export function placeTiles(
  hi: Float64Array,
  lo: Float64Array,
  tiles: number,
  factors: Float64Array,
  vectors: number,
  row: number,
  column: number,
  outHi: Float64Array,
  outLo: Float64Array,
): void {
  for (let t = 0, at = 0; t < tiles; t++) {
    for (let i = 0; i < 8; i++) {
      const [f, g] = [factors[row + i]!, factors[vectors + row + i]!];
      for (let j = 0; j < 8; j++, at++) {
        const other = column + 8 * t + j;
        const [u, v] = [factors[other]!, factors[vectors + other]!];
        const to = 8 * (i * tiles + t) + j;
        outHi[to] = hi[at]! * f * u * g * v;
        outLo[to] = lo[at]! * f * u * g * v;
      }
    }
  }
}
