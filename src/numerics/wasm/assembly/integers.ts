/** WebAssembly twin of loops/integers.ts. */
import { at as address, sumError } from './lanes';
import { reduce } from './residues';

/** See HotLoops.spanVectors. */
export function spanVectors(values: usize, width: i32, length: i32, largest: usize, lowest: usize, energy: usize): void {
  const step = <usize>width << 3;
  const mantissa = i64x2.splat(0xfffffffffffff);
  const one = i64x2.splat(1);
  const zero = f64x2.splat(0);
  const infinite = f64x2.splat(Infinity);
  for (let i = 0; i < width; i += 2, values += 16, largest += 16, lowest += 16, energy += 16) {
    let most = v128.load(largest);
    let least = v128.load(lowest);
    let sum = v128.load(energy);
    let at = values;
    for (let k = 0; k < length; k++, at += step) {
      const x = v128.load(at);
      const size = f64x2.abs(x);
      sum = f64x2.add(sum, f64x2.mul(x, x));
      most = f64x2.max(most, size);
      // Without its lowest bit; a power of two has none but the one that is not stored.
      const rest = v128.and(x, i64x2.sub(x, one));
      const bit = v128.bitselect(size, f64x2.abs(f64x2.sub(x, rest)), i64x2.eq(v128.and(x, mantissa), zero));
      least = f64x2.pmin(least, v128.bitselect(infinite, bit, f64x2.eq(x, zero)));
    }
    v128.store(largest, most);
    v128.store(lowest, least);
    v128.store(energy, sum);
  }
}

const DOWN_48: f64 = 3.552713678800501e-15;
const UP_48: f64 = 281474976710656;
const DOWN_35: f64 = 2.9103830456733704e-11;
const UP_35: f64 = 34359738368;

/** See HotLoops.packIntegers. */
export function packIntegers(
  values: usize,
  width: i32,
  order: usize,
  factors: usize,
  lanes: i32,
  first: i32,
  count: i32,
  length: i32,
  pieces: i32,
  q: usize,
  plane: i32,
): void {
  const step = <usize>width << 3;
  const planeStep = <usize>plane << 3;
  const inner = <usize>lanes << 3;
  for (let lane = first; lane < first + count; lane += 2) {
    const columns = order + (<usize>lane << 2);
    let one = address(values, load<i32>(columns));
    let other = address(values, load<i32>(columns, 4));
    const f = address(factors, lane);
    const f1 = v128.load(f);
    const f2 = v128.load(f + inner);
    let to = address(q, (lane & ~7) * length + (lane & 7));
    for (let k = 0; k < length; k++, one += step, other += step, to += 64) {
      const pair = v128.load64_lane(other, v128.load64_zero(one), 1);
      const x = f64x2.trunc(f64x2.mul(f64x2.mul(pair, f1), f2));
      if (pieces == 1) {
        v128.store(to, x);
        continue;
      }
      const upper = f64x2.trunc(f64x2.mul(x, f64x2.splat(DOWN_48)));
      v128.store(to, f64x2.sub(x, f64x2.mul(upper, f64x2.splat(UP_48))));
      if (pieces == 2) {
        v128.store(to + planeStep, upper);
        continue;
      }
      const top = f64x2.trunc(f64x2.mul(upper, f64x2.splat(DOWN_35)));
      v128.store(to + planeStep, f64x2.sub(upper, f64x2.mul(top, f64x2.splat(UP_35))));
      v128.store(to + 2 * planeStep, top);
    }
  }
}

/** Adding it rounds to a whole number. */
const WHOLE: f64 = 6755399441055744;
const DOWN_36: f64 = 1.4551915228366852e-11;
const UP_36: f64 = 68719476736;

/** See HotLoops.residuePairs. */
export function residuePairs(
  sums: usize,
  sumsAt: i32,
  stride: i32,
  count: i32,
  constants: usize,
  k: i32,
  digits: i32,
  hi: usize,
  lo: usize,
): void {
  sums = address(sums, sumsAt);
  const step = <usize>stride << 2;
  const record = <usize>(3 + digits) << 3;
  const product = constants + <usize>k * record;
  const whole = f64x2.splat(WHOLE);
  const shares = address(product, digits);
  const room = address(shares, 4 * k);
  const up = f64x2.splat(UP_36);
  const down = f64x2.splat(DOWN_36);
  for (const end = sums + (<usize>count << 2); sums < end; sums += 16, hi += 32, lo += 32) {
    let q0 = f64x2.splat(0);
    let q1 = q0;
    let at = sums;
    let r = constants;
    let share = shares;
    for (let l = 0; l < k; l++, at += step, r += record, share += 32) {
      const m = v128.load32_splat(r);
      const inverse = v128.load32_splat(r, 4);
      const own = reduce(i32x4.mul(reduce(v128.load(at), m, inverse), v128.load32_splat(r, 8)), m, inverse);
      const own0 = f64x2.convert_low_i32x4_s(own);
      const own1 = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(own, own, 2, 3, 2, 3));
      v128.store(share, own0);
      v128.store(share, own1, 16);
      const part = v128.load64_splat(r, 16);
      q0 = f64x2.add(q0, f64x2.mul(own0, part));
      q1 = f64x2.add(q1, f64x2.mul(own1, part));
    }
    q0 = f64x2.sub(f64x2.add(q0, whole), whole);
    q1 = f64x2.sub(f64x2.add(q1, whole), whole);
    let carry0 = f64x2.splat(0);
    let carry1 = carry0;
    let digit = room;
    for (let p = 0; p < digits; p++, digit += 32) {
      let x0 = f64x2.splat(0);
      let x1 = x0;
      r = address(constants, 3 + p);
      share = shares;
      for (let l = 0; l < k; l++, r += record, share += 32) {
        const weight = v128.load64_splat(r);
        x0 = f64x2.add(x0, f64x2.mul(v128.load(share), weight));
        x1 = f64x2.add(x1, f64x2.mul(v128.load(share, 16), weight));
      }
      const weight = v128.load64_splat(address(product, p));
      x0 = f64x2.add(f64x2.sub(x0, f64x2.mul(q0, weight)), carry0);
      x1 = f64x2.add(f64x2.sub(x1, f64x2.mul(q1, weight)), carry1);
      if (p < digits - 1) {
        carry0 = f64x2.floor(f64x2.mul(x0, down));
        carry1 = f64x2.floor(f64x2.mul(x1, down));
        x0 = f64x2.sub(x0, f64x2.mul(carry0, up));
        x1 = f64x2.sub(x1, f64x2.mul(carry1, up));
      }
      v128.store(digit, x0);
      v128.store(digit, x1, 16);
    }
    let h0 = f64x2.splat(0);
    let h1 = h0;
    let t0 = h0;
    let t1 = h0;
    for (let p = 0; p < digits; p++) {
      digit -= 32;
      const x0 = v128.load(digit);
      const x1 = v128.load(digit, 16);
      h0 = f64x2.mul(h0, up);
      h1 = f64x2.mul(h1, up);
      const s0 = f64x2.add(h0, x0);
      const s1 = f64x2.add(h1, x1);
      const e0 = f64x2.add(sumError(h0, x0, s0), f64x2.mul(t0, up));
      const e1 = f64x2.add(sumError(h1, x1, s1), f64x2.mul(t1, up));
      h0 = f64x2.add(s0, e0);
      h1 = f64x2.add(s1, e1);
      t0 = f64x2.sub(e0, f64x2.sub(h0, s0));
      t1 = f64x2.sub(e1, f64x2.sub(h1, s1));
    }
    v128.store(hi, h0);
    v128.store(hi, h1, 16);
    v128.store(lo, t0);
    v128.store(lo, t1, 16);
  }
}

/** See HotLoops.placeTiles. */
export function placeTiles(
  hi: usize,
  lo: usize,
  tiles: i32,
  factors: usize,
  vectors: i32,
  row: i32,
  column: i32,
  outHi: usize,
  outLo: usize,
): void {
  const inner = <usize>vectors << 3;
  const stride = <usize>tiles << 6;
  let others = address(factors, column);
  for (let t = 0; t < tiles; t++, others += 64, outHi += 64, outLo += 64) {
    let own = address(factors, row);
    let toHi = outHi;
    let toLo = outLo;
    for (let i = 0; i < 8; i++, own += 8, toHi += stride, toLo += stride) {
      const f = v128.load64_splat(own);
      const g = v128.load64_splat(own + inner);
      for (let j: usize = 0; j < 64; j += 16, hi += 16, lo += 16) {
        const u = v128.load(others + j);
        const v = v128.load(others + inner + j);
        v128.store(toHi + j, f64x2.mul(f64x2.mul(f64x2.mul(f64x2.mul(v128.load(hi), f), u), g), v));
        v128.store(toLo + j, f64x2.mul(f64x2.mul(f64x2.mul(f64x2.mul(v128.load(lo), f), u), g), v));
      }
    }
  }
}
