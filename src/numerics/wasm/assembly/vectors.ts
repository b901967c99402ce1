/** WebAssembly twin of loops/vectors.ts: four interleaved vectors are two registers. */
import { at } from './lanes';

/** See HotLoops.applyRowReflectors. */
export function applyRowReflectors(reflectors: usize, taus: usize, count: i32, columns: i32, x: usize): void {
  for (let k = count - 1; k >= 0; k--) reflect(at(reflectors, k * columns + k), load<f64>(at(taus, k)), columns - k, at(x, 4 * k));
}

/** See HotLoops.applyLowerReflectors. */
export function applyLowerReflectors(reflectors: usize, taus: usize, n: i32, stride: i32, x: usize): void {
  for (let i = 1; i < n; i++) reflect(at(reflectors, i * stride), load<f64>(at(taus, i)), i, x);
}

function reflect(v: usize, tau: f64, n: i32, x: usize): void {
  let e0 = f64x2.splat(0);
  let e1 = e0;
  let o0 = e0;
  let o1 = e0;
  let p = v;
  let y = x;
  for (const end = at(v, n - 1); p < end; p += 16, y += 64) {
    const a = v128.load64_splat(p);
    e0 = f64x2.add(e0, f64x2.mul(a, v128.load(y)));
    e1 = f64x2.add(e1, f64x2.mul(a, v128.load(y, 16)));
    const b = v128.load64_splat(p, 8);
    o0 = f64x2.add(o0, f64x2.mul(b, v128.load(y, 32)));
    o1 = f64x2.add(o1, f64x2.mul(b, v128.load(y, 48)));
  }
  if (n & 1) {
    const a = v128.load64_splat(p);
    e0 = f64x2.add(e0, f64x2.mul(a, v128.load(y)));
    e1 = f64x2.add(e1, f64x2.mul(a, v128.load(y, 16)));
  }
  const factor = f64x2.splat(-tau);
  const f0 = f64x2.mul(factor, f64x2.add(e0, o0));
  const f1 = f64x2.mul(factor, f64x2.add(e1, o1));
  for (const end = at(v, n); v < end; v += 8, x += 32) {
    const a = v128.load64_splat(v);
    v128.store(x, f64x2.add(v128.load(x), f64x2.mul(f0, a)));
    v128.store(x, f64x2.add(v128.load(x, 16), f64x2.mul(f1, a)), 16);
  }
}

/** See HotLoops.residualSquares. */
export function residualSquares(a: usize, n: i32, x: usize, lambdas: usize, out: usize): void {
  const l0 = v128.load(lambdas);
  const l1 = v128.load(lambdas, 16);
  let s0 = f64x2.splat(0);
  let s1 = s0;
  for (let i = 0; i < n; i++) {
    let e0 = f64x2.splat(0);
    let e1 = e0;
    let o0 = e0;
    let o1 = e0;
    let y = x;
    for (const end = at(a, n - 1); a < end; a += 16, y += 64) {
      const b = v128.load64_splat(a);
      e0 = f64x2.add(e0, f64x2.mul(b, v128.load(y)));
      e1 = f64x2.add(e1, f64x2.mul(b, v128.load(y, 16)));
      const c = v128.load64_splat(a, 8);
      o0 = f64x2.add(o0, f64x2.mul(c, v128.load(y, 32)));
      o1 = f64x2.add(o1, f64x2.mul(c, v128.load(y, 48)));
    }
    if (n & 1) {
      const b = v128.load64_splat(a);
      e0 = f64x2.add(e0, f64x2.mul(b, v128.load(y)));
      e1 = f64x2.add(e1, f64x2.mul(b, v128.load(y, 16)));
      a += 8;
    }
    const xi = at(x, 4 * i);
    const r0 = f64x2.sub(f64x2.add(e0, o0), f64x2.mul(l0, v128.load(xi)));
    const r1 = f64x2.sub(f64x2.add(e1, o1), f64x2.mul(l1, v128.load(xi, 16)));
    s0 = f64x2.add(s0, f64x2.mul(r0, r0));
    s1 = f64x2.add(s1, f64x2.mul(r1, r1));
  }
  v128.store(out, s0);
  v128.store(out, s1, 16);
}

/** See HotLoops.rotateRows. */
export function rotateRows(z: usize, n: i32, i: i32, c: f64, s: f64): void {
  let upper = at(z, i * n);
  let lower = at(upper, n);
  const cc = f64x2.splat(c);
  const ss = f64x2.splat(s);
  for (const end = at(upper, n - 1); upper < end; upper += 16, lower += 16) {
    const f = v128.load(lower);
    const x = v128.load(upper);
    v128.store(lower, f64x2.add(f64x2.mul(ss, x), f64x2.mul(cc, f)));
    v128.store(upper, f64x2.sub(f64x2.mul(cc, x), f64x2.mul(ss, f)));
  }
  if (n & 1) {
    const f = load<f64>(lower);
    const x = load<f64>(upper);
    store<f64>(lower, s * x + c * f);
    store<f64>(upper, c * x - s * f);
  }
}
