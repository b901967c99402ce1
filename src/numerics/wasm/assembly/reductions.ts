/**
 * WebAssembly twin of loops/reductions.ts: sums over even and odd columns are the lanes of a register. The loops that matter take two
 * registers of columns (b is the second) before they move their pointers, which takes about a fifth of their time otherwise.
 */
import { addFirst, at as address, sumOf } from './lanes';

/** See HotLoops.multiplyTriangle. */
export function multiplyTriangle(a: usize, stride: i32, m: i32, upwards: i32, q: usize, p: usize): void {
  memory.fill(p, 0, <usize>m << 3);
  const step = <usize>stride << 3;
  const first = m & 3;
  const rows = upwards ? -4 : 4;
  for (let k = m - first, i = upwards ? m - 4 : first; k > 0; k -= 4, i += rows) {
    multiplyFourRows(a + step * i, step, i, q, p);
    multiplyCorner(a, step, i, 4, q, p);
  }
  multiplyCorner(a, step, 0, first, q, p);
}

/** Rows i ... i + 3, the first at `r0`. */
function multiplyFourRows(r0: usize, step: usize, i: i32, q: usize, p: usize): void {
  let r1 = r0 + step;
  let r2 = r1 + step;
  let r3 = r2 + step;
  const own = address(q, i);
  const q0 = v128.load64_splat(own);
  const q1 = v128.load64_splat(own, 8);
  const q2 = v128.load64_splat(own, 16);
  const q3 = v128.load64_splat(own, 24);
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (const end = address(r0, i - 3); r0 < end; r0 += 32, r1 += 32, r2 += 32, r3 += 32, q += 32, p += 32) {
    const qj = v128.load(q);
    const x0 = v128.load(r0);
    const x1 = v128.load(r1);
    const x2 = v128.load(r2);
    const x3 = v128.load(r3);
    s0 = f64x2.add(s0, f64x2.mul(x0, qj));
    s1 = f64x2.add(s1, f64x2.mul(x1, qj));
    s2 = f64x2.add(s2, f64x2.mul(x2, qj));
    s3 = f64x2.add(s3, f64x2.mul(x3, qj));
    const low = f64x2.add(f64x2.mul(x0, q0), f64x2.mul(x1, q1));
    const high = f64x2.add(f64x2.mul(x2, q2), f64x2.mul(x3, q3));
    v128.store(p, f64x2.add(v128.load(p), f64x2.add(low, high)));
    const qjb = v128.load(q, 16);
    const x0b = v128.load(r0, 16);
    const x1b = v128.load(r1, 16);
    const x2b = v128.load(r2, 16);
    const x3b = v128.load(r3, 16);
    s0 = f64x2.add(s0, f64x2.mul(x0b, qjb));
    s1 = f64x2.add(s1, f64x2.mul(x1b, qjb));
    s2 = f64x2.add(s2, f64x2.mul(x2b, qjb));
    s3 = f64x2.add(s3, f64x2.mul(x3b, qjb));
    const lowb = f64x2.add(f64x2.mul(x0b, q0), f64x2.mul(x1b, q1));
    const highb = f64x2.add(f64x2.mul(x2b, q2), f64x2.mul(x3b, q3));
    v128.store(p, f64x2.add(v128.load(p, 16), f64x2.add(lowb, highb)), 16);
  }
  if (i & 2) {
    const qj = v128.load(q);
    const x0 = v128.load(r0);
    const x1 = v128.load(r1);
    const x2 = v128.load(r2);
    const x3 = v128.load(r3);
    s0 = f64x2.add(s0, f64x2.mul(x0, qj));
    s1 = f64x2.add(s1, f64x2.mul(x1, qj));
    s2 = f64x2.add(s2, f64x2.mul(x2, qj));
    s3 = f64x2.add(s3, f64x2.mul(x3, qj));
    const low = f64x2.add(f64x2.mul(x0, q0), f64x2.mul(x1, q1));
    const high = f64x2.add(f64x2.mul(x2, q2), f64x2.mul(x3, q3));
    v128.store(p, f64x2.add(v128.load(p), f64x2.add(low, high)));
    r0 += 16;
    r1 += 16;
    r2 += 16;
    r3 += 16;
    q += 16;
    p += 16;
  }
  if (i & 1) {
    const qj = load<f64>(q);
    const x0 = load<f64>(r0);
    const x1 = load<f64>(r1);
    const x2 = load<f64>(r2);
    const x3 = load<f64>(r3);
    s0 = addFirst(s0, x0 * qj);
    s1 = addFirst(s1, x1 * qj);
    s2 = addFirst(s2, x2 * qj);
    s3 = addFirst(s3, x3 * qj);
    const low = x0 * load<f64>(own) + x1 * load<f64>(own, 8);
    store<f64>(p, load<f64>(p) + (low + (x2 * load<f64>(own, 16) + x3 * load<f64>(own, 24))));
    p += 8;
  }
  store<f64>(p, load<f64>(p) + sumOf(s0));
  store<f64>(p, load<f64>(p, 8) + sumOf(s1), 8);
  store<f64>(p, load<f64>(p, 16) + sumOf(s2), 16);
  store<f64>(p, load<f64>(p, 24) + sumOf(s3), 24);
}

function multiplyCorner(a: usize, step: usize, i: i32, count: i32, q: usize, p: usize): void {
  for (let r = i; r < i + count; r++) {
    const row = a + step * r;
    const qr = load<f64>(address(q, r));
    let sum = load<f64>(address(row, r)) * qr;
    for (let c = i; c < r; c++) {
      const x = load<f64>(address(row, c));
      sum += x * load<f64>(address(q, c));
      store<f64>(address(p, c), load<f64>(address(p, c)) + x * qr);
    }
    store<f64>(address(p, r), load<f64>(address(p, r)) + sum);
  }
}

/** See HotLoops.multiplyRows. Four rows at a time share the loads of x. */
export function multiplyRows(a: usize, at: i32, rows: i32, stride: i32, length: i32, x: usize, xAt: i32, y: usize, yAt: i32): void {
  a = address(a, at);
  x = address(x, xAt);
  y = address(y, yAt);
  const step = <usize>stride << 3;
  let i = 0;
  for (; i + 3 < rows; i += 4, a += 4 * step, y += 32) multiplyFour(a, step, length, x, y);
  for (; i < rows; i++, a += step, y += 8) multiplyOne(a, length, x, y);
}

function multiplyFour(r0: usize, step: usize, length: i32, x: usize, y: usize): void {
  let r1 = r0 + step;
  let r2 = r1 + step;
  let r3 = r2 + step;
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (const end = address(r0, length - 1); r0 < end; r0 += 16, r1 += 16, r2 += 16, r3 += 16, x += 16) {
    const xj = v128.load(x);
    s0 = f64x2.add(s0, f64x2.mul(v128.load(r0), xj));
    s1 = f64x2.add(s1, f64x2.mul(v128.load(r1), xj));
    s2 = f64x2.add(s2, f64x2.mul(v128.load(r2), xj));
    s3 = f64x2.add(s3, f64x2.mul(v128.load(r3), xj));
  }
  if (length & 1) {
    const xj = load<f64>(x);
    s0 = addFirst(s0, load<f64>(r0) * xj);
    s1 = addFirst(s1, load<f64>(r1) * xj);
    s2 = addFirst(s2, load<f64>(r2) * xj);
    s3 = addFirst(s3, load<f64>(r3) * xj);
  }
  store<f64>(y, sumOf(s0));
  store<f64>(y, sumOf(s1), 8);
  store<f64>(y, sumOf(s2), 16);
  store<f64>(y, sumOf(s3), 24);
}

function multiplyOne(row: usize, length: i32, x: usize, y: usize): void {
  let sum = f64x2.splat(0);
  for (const end = address(row, length - 1); row < end; row += 16, x += 16) {
    sum = f64x2.add(sum, f64x2.mul(v128.load(row), v128.load(x)));
  }
  if (length & 1) sum = addFirst(sum, load<f64>(row) * load<f64>(x));
  store<f64>(y, sumOf(sum));
}

/** See HotLoops.addRows. */
export function addRows(a: usize, at: i32, rows: i32, stride: i32, length: i32, c: usize, cAt: i32, y: usize, yAt: i32): void {
  a = address(a, at);
  c = address(c, cAt);
  y = address(y, yAt);
  const step = <usize>stride << 3;
  let i = 0;
  for (; i + 3 < rows; i += 4, a += 4 * step, c += 32) addFour(a, step, length, c, y);
  for (; i < rows; i++, a += step, c += 8) addOne(a, length, load<f64>(c), y);
}

function addFour(r0: usize, step: usize, length: i32, c: usize, y: usize): void {
  let r1 = r0 + step;
  let r2 = r1 + step;
  let r3 = r2 + step;
  const c0 = v128.load64_splat(c);
  const c1 = v128.load64_splat(c, 8);
  const c2 = v128.load64_splat(c, 16);
  const c3 = v128.load64_splat(c, 24);
  for (const end = address(r0, length - 3); r0 < end; r0 += 32, r1 += 32, r2 += 32, r3 += 32, y += 32) {
    const low = f64x2.add(f64x2.mul(c0, v128.load(r0)), f64x2.mul(c1, v128.load(r1)));
    const high = f64x2.add(f64x2.mul(c2, v128.load(r2)), f64x2.mul(c3, v128.load(r3)));
    v128.store(y, f64x2.add(v128.load(y), f64x2.add(low, high)));
    const lowb = f64x2.add(f64x2.mul(c0, v128.load(r0, 16)), f64x2.mul(c1, v128.load(r1, 16)));
    const highb = f64x2.add(f64x2.mul(c2, v128.load(r2, 16)), f64x2.mul(c3, v128.load(r3, 16)));
    v128.store(y, f64x2.add(v128.load(y, 16), f64x2.add(lowb, highb)), 16);
  }
  if (length & 2) {
    const low = f64x2.add(f64x2.mul(c0, v128.load(r0)), f64x2.mul(c1, v128.load(r1)));
    const high = f64x2.add(f64x2.mul(c2, v128.load(r2)), f64x2.mul(c3, v128.load(r3)));
    v128.store(y, f64x2.add(v128.load(y), f64x2.add(low, high)));
    r0 += 16;
    r1 += 16;
    r2 += 16;
    r3 += 16;
    y += 16;
  }
  if (length & 1) {
    const low = load<f64>(c) * load<f64>(r0) + load<f64>(c, 8) * load<f64>(r1);
    const high = load<f64>(c, 16) * load<f64>(r2) + load<f64>(c, 24) * load<f64>(r3);
    store<f64>(y, load<f64>(y) + (low + high));
  }
}

function addOne(row: usize, length: i32, ci: f64, y: usize): void {
  const cc = f64x2.splat(ci);
  for (const end = address(row, length - 1); row < end; row += 16, y += 16) {
    v128.store(y, f64x2.add(v128.load(y), f64x2.mul(cc, v128.load(row))));
  }
  if (length & 1) store<f64>(y, load<f64>(y) + ci * load<f64>(row));
}

/** See HotLoops.sweepRows. A row is read again for z while it is near. */
export function sweepRows(
  a: usize, rows: i32, columns: i32, k: i32, x: usize, v: usize, u: usize, y: usize, q: usize, tau: f64, z: usize,
): void {
  const length = columns - k;
  const step = <usize>columns << 3;
  const first = k + 1;
  a = address(a, first * columns + k);
  x = address(x, first);
  u = address(u, first);
  v = address(v, k);
  y = address(y, k);
  q = address(q, k);
  z = address(z, k);
  memory.fill(z, 0, <usize>length << 3);
  let i = first;
  for (; i + 3 < rows; i += 4, a += 4 * step, x += 32, u += 32) {
    updateTwo(a, step, length, x, v, u, y, q, tau);
    updateTwo(a + 2 * step, step, length, x + 16, v, u + 16, y, q, tau);
    addFour(a, step, length, u, z);
  }
  for (; i < rows; i++, a += step, x += 8, u += 8) {
    updateOne(a, length, x, v, u, y, q, tau);
    addOne(a, length, load<f64>(u), z);
  }
}

/** Two rows at a time share the loads of v, y and q. */
function updateTwo(row: usize, step: usize, length: i32, x: usize, v: usize, u: usize, y: usize, q: usize, tau: f64): void {
  let r0 = row;
  let r1 = row + step;
  const x0 = v128.load64_splat(x);
  const x1 = v128.load64_splat(x, 8);
  const u0 = v128.load64_splat(u);
  const u1 = v128.load64_splat(u, 8);
  let s0 = f64x2.splat(0);
  let s1 = s0;
  for (const end = address(r0, length - 3); r0 < end; r0 += 32, r1 += 32, v += 32, y += 32, q += 32) {
    const vj = v128.load(v);
    const yj = v128.load(y);
    const qj = v128.load(q);
    const r = f64x2.sub(v128.load(r0), f64x2.add(f64x2.mul(x0, vj), f64x2.mul(u0, yj)));
    const s = f64x2.sub(v128.load(r1), f64x2.add(f64x2.mul(x1, vj), f64x2.mul(u1, yj)));
    v128.store(r0, r);
    v128.store(r1, s);
    s0 = f64x2.add(s0, f64x2.mul(r, qj));
    s1 = f64x2.add(s1, f64x2.mul(s, qj));
    const vjb = v128.load(v, 16);
    const yjb = v128.load(y, 16);
    const qjb = v128.load(q, 16);
    const rb = f64x2.sub(v128.load(r0, 16), f64x2.add(f64x2.mul(x0, vjb), f64x2.mul(u0, yjb)));
    const sb = f64x2.sub(v128.load(r1, 16), f64x2.add(f64x2.mul(x1, vjb), f64x2.mul(u1, yjb)));
    v128.store(r0, rb, 16);
    v128.store(r1, sb, 16);
    s0 = f64x2.add(s0, f64x2.mul(rb, qjb));
    s1 = f64x2.add(s1, f64x2.mul(sb, qjb));
  }
  if (length & 2) {
    const vj = v128.load(v);
    const yj = v128.load(y);
    const qj = v128.load(q);
    const r = f64x2.sub(v128.load(r0), f64x2.add(f64x2.mul(x0, vj), f64x2.mul(u0, yj)));
    const s = f64x2.sub(v128.load(r1), f64x2.add(f64x2.mul(x1, vj), f64x2.mul(u1, yj)));
    v128.store(r0, r);
    v128.store(r1, s);
    s0 = f64x2.add(s0, f64x2.mul(r, qj));
    s1 = f64x2.add(s1, f64x2.mul(s, qj));
    r0 += 16;
    r1 += 16;
    v += 16;
    y += 16;
    q += 16;
  }
  if (length & 1) {
    const vj = load<f64>(v);
    const yj = load<f64>(y);
    const qj = load<f64>(q);
    const r = load<f64>(r0) - (load<f64>(x) * vj + load<f64>(u) * yj);
    const s = load<f64>(r1) - (load<f64>(x, 8) * vj + load<f64>(u, 8) * yj);
    store<f64>(r0, r);
    store<f64>(r1, s);
    s0 = addFirst(s0, r * qj);
    s1 = addFirst(s1, s * qj);
  }
  finishRow(row, tau * sumOf(s0), x, u);
  finishRow(row + step, tau * sumOf(s1), x + 8, u + 8);
}

function updateOne(row: usize, length: i32, x: usize, v: usize, u: usize, y: usize, q: usize, tau: f64): void {
  let r0 = row;
  const xx = v128.load64_splat(x);
  const uu = v128.load64_splat(u);
  let sum = f64x2.splat(0);
  for (const end = address(r0, length - 1); r0 < end; r0 += 16, v += 16, y += 16, q += 16) {
    const r = f64x2.sub(v128.load(r0), f64x2.add(f64x2.mul(xx, v128.load(v)), f64x2.mul(uu, v128.load(y))));
    v128.store(r0, r);
    sum = f64x2.add(sum, f64x2.mul(r, v128.load(q)));
  }
  if (length & 1) {
    const r = load<f64>(r0) - (load<f64>(x) * load<f64>(v) + load<f64>(u) * load<f64>(y));
    store<f64>(r0, r);
    sum = addFirst(sum, r * load<f64>(q));
  }
  finishRow(row, tau * sumOf(sum), x, u);
}

// @ts-ignore: decorator
@inline
function finishRow(row: usize, xi: f64, x: usize, u: usize): void {
  store<f64>(x, xi);
  store<f64>(u, load<f64>(row) - xi);
}
