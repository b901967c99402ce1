/**
 * Matrix products by several threads that share memory, to the same bits as by one: lots of columns, which are copied to slots of shared
 * memory and made by whoever is free. Operands stay where they are; a thread that is late, or never comes, costs nothing.
 */
import { multiply, type MatrixView } from './matmul';

/** As `multiply` of matmul.ts. */
export type Multiply = typeof multiply;

/** Multiply-adds from which on a product is worth waking others for. */
const WORTH_SHARING = 2 ** 28;
/** Values of a lot, values of the left side at most, and columns of a lot at least and at most. */
const LOT = 2 ** 19;
const MOST = 2 ** 23;
const COLUMNS = { least: 16, most: 128 };
/** Slots of each helper: one in work and two waiting. */
const SLOTS = 3;
/** Milliseconds after which a lot that somebody took is made here: its thread may have died with it. */
const PATIENCE = 10_000;
/** What a slot holds. */
const [FREE, FILLED, TAKEN, MADE] = [0, 1, 2, 3] as const;

/** What a helper is told of a product A B. All arrays are in shared memory. */
export interface SharedProduct {
  /** A [m, k]. */
  readonly a: Float64Array;
  readonly m: number;
  readonly k: number;
  /** By slot: what it holds, and the columns of its lot. */
  readonly state: Int32Array;
  readonly columns: Int32Array;
  /** Counts what was filled; negative where nothing more will be. */
  readonly filled: Int32Array;
  /** The lots of B by slot, `LOT` values each: line after line where `byColumns`, else as [k, columns]. */
  readonly b: Float64Array | Float32Array;
  readonly byColumns: boolean;
  /** The lots of the result by slot, [m, columns] in `stride` values. */
  readonly out: Float64Array;
  readonly stride: number;
}

/** @param tell hands a product to all helpers, who call `helpWith`, soon or never. */
export function sharedMultiply(helpers: number, tell: (product: SharedProduct) => void): Multiply {
  const count = SLOTS * helpers;
  let lots = new SharedArrayBuffer(8 * LOT * count);
  let left = new SharedArrayBuffer(0);
  let made = new SharedArrayBuffer(0);
  return (a, b, out, offset, m, k, n) => {
    const columns = Math.min(COLUMNS.most, 4 * Math.floor(LOT / k / 4));
    if (helpers === 0 || m * k * n < WORTH_SHARING || m * k > MOST || columns < COLUMNS.least) return multiply(a, b, out, offset, m, k, n);
    if (left.byteLength < 8 * m * k) left = new SharedArrayBuffer(8 * m * k);
    if (made.byteLength < 8 * m * columns * count) made = new SharedArrayBuffer(8 * m * columns * count);
    const product: SharedProduct = {
      a: new Float64Array(left, 0, m * k),
      m, k,
      state: new Int32Array(new SharedArrayBuffer(4 * count)),
      columns: new Int32Array(new SharedArrayBuffer(4 * count)),
      filled: new Int32Array(new SharedArrayBuffer(4)),
      b: b.values instanceof Float32Array ? new Float32Array(lots) : new Float64Array(lots),
      byColumns: b.rowStride === 1,
      out: new Float64Array(made),
      stride: m * columns,
    };
    gather(a, m, k, product.a);
    tell(product);
    if (new Run(product, b, out, offset, n, columns).finish()) return;
    // Somebody may still read and write there: it is left to that thread.
    lots = new SharedArrayBuffer(lots.byteLength);
    left = new SharedArrayBuffer(0);
    made = new SharedArrayBuffer(0);
  };
}

/** `sharedMultiply` with as many helpers, which are made for the first product that is worth it. */
export function helpedMultiply(helpers: number, make: () => { postMessage(product: SharedProduct): void }): Multiply {
  let made: ReturnType<typeof make>[] = [];
  return sharedMultiply(helpers, (product) => {
    if (made.length === 0) made = Array.from({ length: helpers }, make);
    for (const helper of made) helper.postMessage(product);
  });
}

/** A product on the side of who asked for it. */
class Run {
  private readonly lotOf: number[];
  private readonly own: Float64Array;

  constructor(
    private readonly product: SharedProduct,
    private readonly b: MatrixView,
    private readonly out: Float64Array,
    private readonly offset: number,
    private readonly n: number,
    private readonly columns: number,
  ) {
    this.lotOf = [...product.state].fill(0);
    this.own = new Float64Array(product.m * columns);
  }

  /** False where a thread may still be writing to a slot. */
  finish(): boolean {
    const { state, filled } = this.product;
    const total = Math.ceil(this.n / this.columns);
    for (let next = 0; next < total; ) {
      for (let slot = 0; slot < state.length && next < total; slot++) {
        if (Atomics.load(state, slot) === MADE) this.collect(slot);
        if (Atomics.load(state, slot) === FREE) this.fill(slot, next++);
      }
      if (next < total) this.make(next++);
    }
    let all = true;
    for (let slot = 0; slot < state.length; slot++) {
      if (Atomics.compareExchange(state, slot, FILLED, FREE) === FILLED) this.make(this.lotOf[slot]!);
      else if (Atomics.wait(state, slot, TAKEN, PATIENCE) === 'timed-out') {
        all = false;
        this.make(this.lotOf[slot]!);
      } else if (Atomics.load(state, slot) === MADE) this.collect(slot);
    }
    Atomics.store(filled, 0, -1);
    Atomics.notify(filled, 0);
    return all;
  }

  private widthOf(lot: number): number {
    return Math.min(this.columns, this.n - lot * this.columns);
  }

  private fill(slot: number, lot: number): void {
    const { b, columns, byColumns, state, filled, k } = this.product;
    const width = this.widthOf(lot);
    const { values, offset, rowStride, columnStride } = this.b;
    const from = offset + lot * this.columns * columnStride;
    const [lines, length, stride] = byColumns ? [width, k, columnStride] : [k, width, rowStride];
    if (stride === length) b.set(values.subarray(from, from + lines * length), slot * LOT);
    else for (let i = 0; i < lines; i++) b.set(values.subarray(from + i * stride, from + i * stride + length), slot * LOT + i * length);
    columns[slot] = width;
    this.lotOf[slot] = lot;
    Atomics.store(state, slot, FILLED);
    Atomics.add(filled, 0, 1);
    Atomics.notify(filled, 0, 1);
  }

  private collect(slot: number): void {
    const { state, out, stride } = this.product;
    this.place(this.lotOf[slot]!, out.subarray(slot * stride));
    Atomics.store(state, slot, FREE);
  }

  private make(lot: number): void {
    const { a, m, k } = this.product;
    const { b } = this;
    const view = { ...b, offset: b.offset + lot * this.columns * b.columnStride };
    multiply({ values: a, offset: 0, rowStride: k, columnStride: 1 }, view, this.own, 0, m, k, this.widthOf(lot));
    this.place(lot, this.own);
  }

  private place(lot: number, values: Float64Array): void {
    const width = this.widthOf(lot);
    for (let i = 0, to = this.offset + lot * this.columns; i < this.product.m; i++, to += this.n) this.out.set(values.subarray(i * width, (i + 1) * width), to);
  }
}

/** Makes lots until there will be no more. */
export function helpWith({ a, m, k, state, columns, filled, b, byColumns, out, stride }: SharedProduct): void {
  for (let seen; (seen = Atomics.load(filled, 0)) >= 0; ) {
    const slot = state.findIndex((_, i) => Atomics.compareExchange(state, i, FILLED, TAKEN) === FILLED);
    if (slot < 0) {
      Atomics.wait(filled, 0, seen);
      continue;
    }
    const width = columns[slot]!;
    const view = { values: b, offset: slot * LOT, rowStride: byColumns ? 1 : width, columnStride: byColumns ? k : 1 };
    multiply({ values: a, offset: 0, rowStride: k, columnStride: 1 }, view, out, slot * stride, m, k, width);
    Atomics.store(state, slot, MADE);
    Atomics.notify(state, slot);
  }
}

/** A [m, k] row by row. */
function gather({ values, offset, rowStride, columnStride }: MatrixView, m: number, k: number, to: Float64Array): void {
  for (let i = 0; i < m; i++) {
    const from = offset + i * rowStride;
    if (columnStride === 1) to.set(values.subarray(from, from + k), i * k);
    else for (let t = 0; t < k; t++) to[i * k + t] = values[from + t * columnStride]!;
  }
}
