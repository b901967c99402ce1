/** WebAssembly twin of loops/reflectors.ts. */
import { addFirst, at as address, sumOf } from './lanes';

/** 2^-800 and 2^1000 */
const SMALL: f64 = reinterpret<f64>(0x0DF0000000000000);
const LARGE: f64 = reinterpret<f64>(0x7E70000000000000);

/** See HotLoops.makeReflector. */
export function makeReflector(a: usize, at: i32, length: i32, pivot: i32, out: usize): void {
  a = address(a, at);
  const own = address(a, pivot);
  const x = load<f64>(own);
  store<f64>(own, 0);
  const rest = sumOfSquares(a, length);
  const sum = rest + x * x;
  const norm = rest > SMALL && sum < LARGE ? sqrt(sum) : scaledNorm(a, length, x);
  if (norm === 0) {
    store<f64>(own, 1);
    store<f64>(out, 0);
    store<f64>(out, x, 8);
    return;
  }
  const beta = x > 0 ? -norm : norm;
  const scale = x - beta;
  const divisor = f64x2.splat(scale);
  for (const end = address(a, length - 1); a < end; a += 16) v128.store(a, f64x2.div(v128.load(a), divisor));
  if (length & 1) store<f64>(a, load<f64>(a) / scale);
  store<f64>(own, 1);
  store<f64>(out, (beta - x) / beta);
  store<f64>(out, beta, 8);
}

/** In four partial sums, as `dot` makes them. */
function sumOfSquares(a: usize, length: i32): f64 {
  let first = f64x2.splat(0);
  let second = first;
  for (const end = address(a, length - 3); a < end; a += 32) {
    const x = v128.load(a);
    const y = v128.load(a, 16);
    first = f64x2.add(first, f64x2.mul(x, x));
    second = f64x2.add(second, f64x2.mul(y, y));
  }
  for (const end = address(a, length & 3); a < end; a += 8) {
    const x = load<f64>(a);
    first = addFirst(first, x * x);
  }
  return sumOf(first) + sumOf(second);
}

function scaledNorm(a: usize, length: i32, x: f64): f64 {
  const end = address(a, length);
  let largest: f64 = 0;
  for (let p = a; p < end; p += 8) largest = max(largest, abs(load<f64>(p)));
  if (largest === 0) return 0;
  largest = max(largest, abs(x));
  const first = x / largest;
  let sum = first * first;
  for (let p = a; p < end; p += 8) {
    const part = load<f64>(p) / largest;
    sum += part * part;
  }
  return largest * sqrt(sum);
}

/** See HotLoops.packRows. */
export function packRows(a: usize, at: i32, rows: i32, stride: i32, count: i32, out: usize): void {
  a = address(a, at);
  const step = <usize>stride << 3;
  for (; count > 3; count -= 4, a += 32) {
    let row = a;
    for (const end = out + (<usize>rows << 5); out < end; out += 32, row += step) {
      v128.store(out, v128.load(row));
      v128.store(out, v128.load(row, 16), 16);
    }
  }
  if (count === 0) return;
  for (const end = out + (<usize>rows << 5); out < end; out += 32, a += step) {
    for (let l = 0; l < 4; l++) store<f64>(address(out, l), l < count ? load<f64>(address(a, l)) : 0);
  }
}
