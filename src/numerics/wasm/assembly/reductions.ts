/** WebAssembly twin of loops/reductions.ts: sums over even and odd columns are the lanes of a register. */
import { addFirst, at, sumOf } from './lanes';

/** See HotLoops.sweepTriangle. */
export function sweepTriangle(a: usize, m: i32, v: usize, w: usize, q: usize, p: usize): void {
  let i = 0;
  if (m & 1) {
    const x = load<f64>(a) - 2 * load<f64>(v) * load<f64>(w);
    store<f64>(a, x);
    store<f64>(p, load<f64>(p) + x * load<f64>(q));
    i = 1;
  }
  for (; i < m; i += 2) sweepRowPair(at(a, (i * (i + 1)) >> 1), i, v, w, q, p);
}

/** Rows i and i + 1, the first at `r0`. */
function sweepRowPair(r0: usize, i: i32, v: usize, w: usize, q: usize, p: usize): void {
  let r1 = at(r0, i + 1);
  const v0 = load<f64>(at(v, i));
  const w0 = load<f64>(at(w, i));
  const q0 = load<f64>(at(q, i));
  const v1 = load<f64>(at(v, i + 1));
  const w1 = load<f64>(at(w, i + 1));
  const q1 = load<f64>(at(q, i + 1));
  const vv0 = f64x2.splat(v0);
  const ww0 = f64x2.splat(w0);
  const qq0 = f64x2.splat(q0);
  const vv1 = f64x2.splat(v1);
  const ww1 = f64x2.splat(w1);
  const qq1 = f64x2.splat(q1);
  let s0 = f64x2.splat(0);
  let s1 = s0;
  for (const end = at(r0, i - 1); r0 < end; r0 += 16, r1 += 16, v += 16, w += 16, q += 16, p += 16) {
    const wj = v128.load(w);
    const vj = v128.load(v);
    const qj = v128.load(q);
    const x = f64x2.sub(v128.load(r0), f64x2.add(f64x2.mul(vv0, wj), f64x2.mul(ww0, vj)));
    const y = f64x2.sub(v128.load(r1), f64x2.add(f64x2.mul(vv1, wj), f64x2.mul(ww1, vj)));
    v128.store(r0, x);
    v128.store(r1, y);
    s0 = f64x2.add(s0, f64x2.mul(x, qj));
    s1 = f64x2.add(s1, f64x2.mul(y, qj));
    v128.store(p, f64x2.add(v128.load(p), f64x2.add(f64x2.mul(x, qq0), f64x2.mul(y, qq1))));
  }
  if (i & 1) {
    const wj = load<f64>(w);
    const vj = load<f64>(v);
    const qj = load<f64>(q);
    const x = load<f64>(r0) - (v0 * wj + w0 * vj);
    const y = load<f64>(r1) - (v1 * wj + w1 * vj);
    store<f64>(r0, x);
    store<f64>(r1, y);
    s0 = addFirst(s0, x * qj);
    s1 = addFirst(s1, y * qj);
    store<f64>(p, load<f64>(p) + (x * q0 + y * q1));
    r0 += 8;
    r1 += 8;
    p += 8;
  }
  const d0 = load<f64>(r0) - 2 * v0 * w0;
  const c = load<f64>(r1) - (v1 * w0 + w1 * v0);
  const d1 = load<f64>(r1, 8) - 2 * v1 * w1;
  store<f64>(r0, d0);
  store<f64>(r1, c);
  store<f64>(r1, d1, 8);
  store<f64>(p, load<f64>(p) + (sumOf(s0) + d0 * q0 + c * q1));
  store<f64>(p, load<f64>(p, 8) + (sumOf(s1) + c * q0 + d1 * q1), 8);
}

/** See HotLoops.sweepRows. Two rows at a time share the loads of v, y and q. */
export function sweepRows(a: usize, rows: i32, columns: i32, k: i32, x: usize, v: usize, u: usize, y: usize, q: usize): void {
  v = at(v, k);
  y = at(y, k);
  q = at(q, k);
  let i = k + 1;
  for (; i + 1 < rows; i += 2) sweepTwoRows(at(a, i * columns + k), columns, columns - k, at(x, i), v, at(u, i), y, q);
  if (i < rows) sweepRow(at(a, i * columns + k), columns - k, at(x, i), v, load<f64>(at(u, i)), y, q);
}

function sweepTwoRows(r0: usize, stride: i32, length: i32, x: usize, v: usize, u: usize, y: usize, q: usize): void {
  let r1 = at(r0, stride);
  const x0 = f64x2.splat(load<f64>(x));
  const x1 = f64x2.splat(load<f64>(x, 8));
  const u0 = f64x2.splat(load<f64>(u));
  const u1 = f64x2.splat(load<f64>(u, 8));
  let s0 = f64x2.splat(0);
  let s1 = s0;
  for (const end = at(r0, length - 1); r0 < end; r0 += 16, r1 += 16, v += 16, y += 16, q += 16) {
    const vj = v128.load(v);
    const yj = v128.load(y);
    const qj = v128.load(q);
    const r = f64x2.sub(v128.load(r0), f64x2.add(f64x2.mul(x0, vj), f64x2.mul(u0, yj)));
    const s = f64x2.sub(v128.load(r1), f64x2.add(f64x2.mul(x1, vj), f64x2.mul(u1, yj)));
    v128.store(r0, r);
    v128.store(r1, s);
    s0 = f64x2.add(s0, f64x2.mul(r, qj));
    s1 = f64x2.add(s1, f64x2.mul(s, qj));
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
  store<f64>(x, sumOf(s0));
  store<f64>(x, sumOf(s1), 8);
}

function sweepRow(row: usize, length: i32, x: usize, v: usize, ui: f64, y: usize, q: usize): void {
  const xi = load<f64>(x);
  const xx = f64x2.splat(xi);
  const uu = f64x2.splat(ui);
  let sum = f64x2.splat(0);
  for (const end = at(row, length - 1); row < end; row += 16, v += 16, y += 16, q += 16) {
    const r = f64x2.sub(v128.load(row), f64x2.add(f64x2.mul(xx, v128.load(v)), f64x2.mul(uu, v128.load(y))));
    v128.store(row, r);
    sum = f64x2.add(sum, f64x2.mul(r, v128.load(q)));
  }
  if (length & 1) {
    const r = load<f64>(row) - (xi * load<f64>(v) + ui * load<f64>(y));
    store<f64>(row, r);
    sum = addFirst(sum, r * load<f64>(q));
  }
  store<f64>(x, sumOf(sum));
}

/** See HotLoops.multiplyTransposed. */
export function multiplyTransposed(a: usize, rows: i32, columns: i32, k: i32, u: usize, y: usize): void {
  const first = k + 1;
  const length = columns - first;
  y = at(y, first);
  memory.fill(y, 0, <usize>length << 3);
  let i = first;
  for (; i + 3 < rows; i += 4) addFourRows(at(a, i * columns + first), <usize>columns << 3, length, at(u, i), y);
  for (; i < rows; i++) addRow(at(a, i * columns + first), length, load<f64>(at(u, i)), y);
}

function addFourRows(r0: usize, stride: usize, length: i32, u: usize, y: usize): void {
  let r1 = r0 + stride;
  let r2 = r1 + stride;
  let r3 = r2 + stride;
  const u0 = v128.load64_splat(u);
  const u1 = v128.load64_splat(u, 8);
  const u2 = v128.load64_splat(u, 16);
  const u3 = v128.load64_splat(u, 24);
  for (const end = at(r0, length - 1); r0 < end; r0 += 16, r1 += 16, r2 += 16, r3 += 16, y += 16) {
    const low = f64x2.add(f64x2.mul(u0, v128.load(r0)), f64x2.mul(u1, v128.load(r1)));
    const high = f64x2.add(f64x2.mul(u2, v128.load(r2)), f64x2.mul(u3, v128.load(r3)));
    v128.store(y, f64x2.add(v128.load(y), f64x2.add(low, high)));
  }
  if (length & 1) {
    const low = load<f64>(u) * load<f64>(r0) + load<f64>(u, 8) * load<f64>(r1);
    const high = load<f64>(u, 16) * load<f64>(r2) + load<f64>(u, 24) * load<f64>(r3);
    store<f64>(y, load<f64>(y) + (low + high));
  }
}

function addRow(row: usize, length: i32, ui: f64, y: usize): void {
  const uu = f64x2.splat(ui);
  for (const end = at(row, length - 1); row < end; row += 16, y += 16) {
    v128.store(y, f64x2.add(v128.load(y), f64x2.mul(uu, v128.load(row))));
  }
  if (length & 1) store<f64>(y, load<f64>(y) + ui * load<f64>(row));
}
