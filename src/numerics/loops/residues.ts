/**
 * Gram matrices of remainders modulo numbers below 2^13, and the way back: what the exact Gram is made of (exact/). Remainders are
 * 16-bit integers and sums 32-bit ones, several to a word of the workspace, least first.
 */

/** Adding them rounds to a whole number. */
const WHOLE64 = 6755399441055744;
const WHOLE32 = 12582912;

export function makeResidues(
  q: Float64Array,
  qAt: number,
  stride: number,
  pieces: number,
  count: number,
  modulus: number,
  fold1: number,
  fold2: number,
  out: Float64Array,
  outAt: number,
): void {
  const remainders = new Int16Array(out.buffer, out.byteOffset + 8 * outAt, count);
  const inverse = 1 / modulus;
  for (let at = 0; at < count; at++) {
    let x = q[qAt + at]!;
    if (pieces > 1) x += fold1 * q[qAt + stride + at]!;
    if (pieces > 2) x += fold2 * q[qAt + 2 * stride + at]!;
    // Eight of the first component, then eight of the second, become pairs.
    remainders[(at & ~15) + 2 * (at & 7) + ((at >> 3) & 1)] = remainder(x, modulus, inverse);
  }
}

/** x minus the nearest multiple of m. */
function remainder(x: number, m: number, inverse: number): number {
  return x - (x * inverse + WHOLE64 - WHOLE64) * m;
}

export function multiplyResidues(
  panels: Float64Array,
  at: number,
  across: Float64Array,
  acrossAt: number,
  rows: number,
  width: number,
  pairs: number,
  modulus: number,
  sums: Float64Array,
  sumsAt: number,
): void {
  const values = new Int16Array(panels.buffer, panels.byteOffset + 8 * at, 16 * pairs * width);
  const all = new Int32Array(sums.buffer, sums.byteOffset + 8 * sumsAt);
  const counts = new Uint32Array(across.buffer, across.byteOffset + 4 * acrossAt, rows);
  const inverse = Math.fround(1 / modulus);
  for (let row = 0, tile = 0; row < rows; row++) {
    for (let t = 0; t < counts[row]!; t++) {
      multiplyTile(values, 16 * pairs * row, 16 * pairs * (row + t), 16 * pairs, all, 64 * (tile + t), modulus, inverse);
    }
    tile += width - row;
  }
}

function multiplyTile(v: Int16Array, a: number, b: number, panel: number, sums: Int32Array, at: number, modulus: number, inverse: number): void {
  for (let i = 0; i < 8; i += 2) {
    for (let j = 0; j < 8; j += 2) {
      const to = at + 8 * i + j;
      let c00 = sums[to]!;
      let c01 = sums[to + 1]!;
      let c10 = sums[to + 8]!;
      let c11 = sums[to + 9]!;
      for (let x = a + 2 * i, y = b + 2 * j, end = a + panel; x < end; x += 16, y += 16) {
        const a0 = v[x]!;
        const a1 = v[x + 1]!;
        const a2 = v[x + 2]!;
        const a3 = v[x + 3]!;
        const b0 = v[y]!;
        const b1 = v[y + 1]!;
        const b2 = v[y + 2]!;
        const b3 = v[y + 3]!;
        c00 += a0 * b0 + a1 * b1;
        c01 += a0 * b2 + a1 * b3;
        c10 += a2 * b0 + a3 * b1;
        c11 += a2 * b2 + a3 * b3;
      }
      sums[to] = reduce(c00, modulus, inverse);
      sums[to + 1] = reduce(c01, modulus, inverse);
      sums[to + 8] = reduce(c10, modulus, inverse);
      sums[to + 9] = reduce(c11, modulus, inverse);
    }
  }
}

export function splitResidues(
  residues: Float64Array,
  at: number,
  count: number,
  modulus: number,
  left: Float64Array,
  leftAt: number,
  right: Float64Array,
  rightAt: number,
): void {
  const from = new Int16Array(residues.buffer, residues.byteOffset + 8 * at, count);
  const signed = new Int8Array(left.buffer, left.byteOffset + 8 * leftAt, count);
  const positive = new Int8Array(right.buffer, right.byteOffset + 8 * rightAt, count);
  const inverse = Math.round(32768 / modulus);
  for (let i = 0; i < count; i++) {
    const r = from[i]! - ((from[i]! * inverse + 16384) >> 15) * modulus;
    // Two pairs of eight vectors become fours.
    const to = (i & ~31) + 4 * ((i >> 1) & 7) + 2 * ((i >> 4) & 1) + (i & 1);
    signed[to] = r;
    positive[to] = r < 0 ? r + modulus : r;
  }
}

export function multiplyBytes(
  panels: Float64Array,
  at: number,
  otherAt: number,
  across: Float64Array,
  acrossAt: number,
  rows: number,
  width: number,
  fours: number,
  sums: Float64Array,
  sumsAt: number,
): void {
  const panel = 32 * fours;
  const left = new Int8Array(panels.buffer, panels.byteOffset + 8 * at, panel * rows);
  const right = new Int8Array(panels.buffer, panels.byteOffset + 8 * otherAt, panel * width);
  const all = new Int32Array(sums.buffer, sums.byteOffset + 8 * sumsAt);
  const counts = new Uint32Array(across.buffer, across.byteOffset + 4 * acrossAt, rows);
  for (let row = 0, tile = 0; row < rows; row++) {
    for (let t = 0; t < counts[row]!; t++) {
      for (let i = 0; i < 8; i++) {
        for (let j = 0; j < 8; j++) {
          let sum = all[64 * (tile + t) + 8 * i + j]!;
          for (let x = panel * row + 4 * i, y = panel * (row + t) + 4 * j, end = panel * (row + 1); x < end; x += 32, y += 32) {
            sum += left[x]! * right[y]! + left[x + 1]! * right[y + 1]! + left[x + 2]! * right[y + 2]! + left[x + 3]! * right[y + 3]!;
          }
          all[64 * (tile + t) + 8 * i + j] = sum;
        }
      }
    }
    tile += width - row;
  }
}

/** x minus a multiple of m that is the nearest one or next to it; |x| < 2^31 and |x| < 2^21 m. */
export function reduce(x: number, m: number, inverse: number): number {
  const quotient = Math.fround(Math.fround(Math.fround(x) * inverse) + WHOLE32) - WHOLE32;
  return x - quotient * m;
}

export function mixedRadix(
  sums: Float64Array,
  sumsAt: number,
  stride: number,
  count: number,
  moduli: Float64Array,
  k: number,
  inverses: Float64Array,
  words: number,
  out: Float64Array,
): void {
  const digits = new Int32Array(sums.buffer, sums.byteOffset + 8 * sumsAt, stride * (k - 1) + count);
  const limbs = new Uint32Array(out.buffer, out.byteOffset, count * words);
  const numbers = new Int32Array(moduli.buffer, moduli.byteOffset, 2 * k);
  const reciprocals = new Float32Array(moduli.buffer, moduli.byteOffset, 2 * k);
  const factors = new Int32Array(inverses.buffer, inverses.byteOffset, (k * (k - 1)) / 2);
  for (let at = 0; at < count; at++) {
    for (let l = 0; l + 1 < k; l++) {
      const digit = digits[l * stride + at]!;
      for (let i = l + 1; i < k; i++) {
        const product = (digits[i * stride + at]! - digit) * factors[(i * (i - 1)) / 2 + l]!;
        digits[i * stride + at] = reduce(product, numbers[2 * i]!, reciprocals[2 * i + 1]!);
      }
    }
    toWords(digits, at, stride, numbers, k, limbs, at * words, words);
  }
}

/** Horner's rule from the top digit, which has the sign, two digits at a time. */
function toWords(
  digits: Int32Array,
  at: number,
  stride: number,
  numbers: Int32Array,
  k: number,
  limbs: Uint32Array,
  first: number,
  words: number,
): void {
  let i = (k - 1) & ~1;
  const top = digits[i * stride + at]! + (i + 1 < k ? digits[(i + 1) * stride + at]! * numbers[2 * i]! : 0);
  limbs.fill(top < 0 ? 0xffffffff : 0, first, first + words);
  limbs[first] = top;
  for (i -= 2; i >= 0; i -= 2) {
    const m = numbers[2 * i]!;
    const both = m * numbers[2 * i + 2]!;
    let carry = digits[i * stride + at]! + digits[(i + 1) * stride + at]! * m;
    for (let word = first; word < first + words; word++) {
      const old = limbs[word]!;
      const low = (old & 0xffff) * both + carry;
      const high = (old >>> 16) * both + Math.floor(low / 65536);
      limbs[word] = (high % 65536) * 65536 + (low - Math.floor(low / 65536) * 65536);
      carry = Math.floor(high / 65536);
    }
  }
}
