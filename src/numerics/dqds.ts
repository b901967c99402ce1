/**
 * Eigenvalues of a positive tridiagonal matrix in factored form, to high relative accuracy: the differential quotient-difference
 * algorithm with shifts (Fernando & Parlett 1994; its shifts are those of Parlett & Marques 2000, simplified), two transforms at a time.
 */
import { ConvergenceError } from './convergence-error';
import { sumError } from './double-double';
import type { Steps } from './stepwise';

/** Couplings e are squares: one below TOLERANCE^2 of what is beside it moves no eigenvalue by more than rounding does. */
const NEGLIGIBLE = 2 ** -96;
/** Pairs of transforms allowed per eigenvalue; about three or four are usual. */
const PAIRS = 30;
/** Pairs between pauses. */
const PAUSE = 4;
/** A segment whose last entry is so many times its first is turned round: eigenvalues are found from the small end. */
const BIAS = 1.5;
const TIMID = 0.25;

/** Rows start ... end, and the sum of the shifts that they have had with its rounding error. */
interface Segment {
  start: number;
  end: number;
  sigma: number;
  rest: number;
}

/**
 * Eigenvalues, in no order, of B^T B for the bidiagonal B with squares q [n] on its diagonal and e [n - 1] beside it; both are
 * overwritten. Squares must be in the range of float64. Throws ConvergenceError. Pauses every few transforms.
 */
export function* dqds(q: Float64Array, e: Float64Array): Steps<Float64Array> {
  const n = q.length;
  const values = new Float64Array(n);
  const t = new TransformPair(q, e);
  const waiting: Segment[] = n > 0 ? [{ start: 0, end: n - 1, sigma: 0, rest: 0 }] : [];
  let left = PAIRS * n;
  for (let s = waiting.pop(); s; s = waiting.pop()) {
    t.enter(s);
    while (s.end >= s.start) {
      const cut = t.lastCut(s);
      if (cut === s.end) {
        values[s.end] = s.sigma + (s.rest + t.q[s.end]!);
        t.deflate(1);
        s.end--;
      } else if (cut === s.end - 1) {
        const [large, small] = twoByTwo(t.q[cut]!, t.e[cut]!, t.q[s.end]!);
        values[cut] = s.sigma + (s.rest + large);
        values[s.end] = s.sigma + (s.rest + small);
        t.deflate(2);
        s.end -= 2;
      } else if (cut > s.start) {
        waiting.push({ ...s, end: cut - 1 });
        t.keep(s.start, cut - 1);
        s.start = cut;
        t.enter(s);
      } else {
        if (left-- === 0) throw new ConvergenceError('dqds', 2 * PAIRS * n);
        t.step(s);
        if (left % PAUSE === 0) yield;
      }
    }
  }
  return values;
}

/** The arrays of one pair of transforms and of the next, and what the last transform told about the small end of its segment. */
class TransformPair {
  private nextQ: Float64Array;
  private nextE: Float64Array;
  /** Last row that a negligible coupling cuts off; -1 where a scan must find it. */
  private cut = -1;
  /** The last d, of row end, end - 1; the least d of all rows, of all but the last, of all but the last two; NaN where not known. */
  private d0 = NaN;
  private d1 = NaN;
  private least0 = NaN;
  private least1 = NaN;
  private least2 = NaN;
  /** The part of the least d that is tried as a shift where nothing better is known: more as long as it works. */
  private boldness = TIMID;

  constructor(
    public q: Float64Array,
    public e: Float64Array,
  ) {
    this.nextQ = q.slice();
    this.nextE = e.slice();
  }

  /** A segment that was not the last one. */
  enter({ start, end }: Segment): void {
    if (this.q[end]! > BIAS * this.q[start]!) {
      this.q.subarray(start, end + 1).reverse();
      this.e.subarray(start, end).reverse();
    }
    this.forget();
    this.cut = -1;
  }

  /** Rows that wait must be found in whichever arrays are the current ones by then. */
  keep(start: number, end: number): void {
    this.nextQ.set(this.q.subarray(start, end + 1), start);
    this.nextE.set(this.e.subarray(start, end), start);
  }

  /** The last `count` rows are done. */
  deflate(count: number): void {
    this.cut = -1;
    if (count > 1) return this.forget();
    [this.d0, this.d1] = [this.d1, NaN];
    [this.least0, this.least1, this.least2] = [this.least1, this.least2, NaN];
  }

  private forget(): void {
    this.d0 = this.d1 = this.least0 = this.least1 = this.least2 = NaN;
    this.boldness = TIMID;
  }

  /** The first row after the last negligible coupling of the segment; its start where there is none. */
  lastCut({ start, end, sigma }: Segment): number {
    const { q, e } = this;
    const floor = NEGLIGIBLE * sigma;
    if (end > start && e[end - 1]! <= NEGLIGIBLE * q[end]!) return end;
    if (this.cut >= 0) return Math.max(start, this.cut);
    let i = end - 1;
    while (i >= start && !(e[i]! <= floor || e[i]! <= NEGLIGIBLE * q[i]!)) i--;
    return i + 1;
  }

  /** Two transforms, the first with the best shift that works; the segment's sigma grows by it. */
  step(s: Segment): void {
    let shift = this.shift(s);
    this.boldness += (1 - this.boldness) / 3;
    for (let failures = 0; ; failures++) {
      const last = this.run(s, shift);
      if (last >= 0) break;
      if (failures > 2) throw new ConvergenceError('dqds', failures);
      this.boldness = TIMID / 3;
      // Only the last d is negative: the shift was too large by hardly more than that.
      if (failures > 1) shift = 0;
      else shift = last > -Infinity ? Math.max(0, (shift + last) * (1 - 2 ** -51)) : shift / 4;
    }
    const sum = s.sigma + shift;
    s.rest += sumError(s.sigma, shift, sum);
    s.sigma = sum;
    [this.q, this.nextQ] = [this.nextQ, this.q];
    [this.e, this.nextE] = [this.nextE, this.e];
  }

  /**
   * A transform with a shift and, one row behind it, one without: rows depend on each other through a division, so that the processor
   * works at two of them in the time of one. Returns the last d of the first; -Infinity where one before it is negative. Where the
   * result is not negative the shift was not above the smallest eigenvalue, and the d of the second are what is kept of them.
   */
  private run({ start, end, sigma }: Segment, shift: number): number {
    const { q, e, nextQ, nextE } = this;
    const floor = NEGLIGIBLE * (sigma + shift);
    let cut = start;
    let first = q[start]! - shift;
    let between = first + e[start]!;
    let d = between;
    let d1 = NaN;
    let least2 = Infinity;
    let least1 = Infinity;
    for (let i = start; i < end; i++) {
      if (!(first >= 0)) return -Infinity;
      let coupling = 0;
      const next = q[i + 1]!;
      if (between !== 0) {
        const ratio = next / between;
        coupling = e[i]! * ratio;
        first = first * ratio - shift;
      } else first = next - shift;
      between = i + 1 < end ? first + e[i + 1]! : first;
      d1 = d;
      least2 = least1;
      if (d < least1) least1 = d;
      const sum = d + coupling;
      nextQ[i] = sum;
      if (sum !== 0) {
        const ratio = between / sum;
        coupling *= ratio;
        nextE[i] = coupling;
        if (coupling <= floor || coupling <= NEGLIGIBLE * sum) cut = i + 1;
        d *= ratio;
      } else {
        nextE[i] = 0;
        d = between;
        cut = i + 1;
      }
    }
    if (!(first >= 0)) return Number.isNaN(first) ? -Infinity : first;
    nextQ[end] = d;
    this.d0 = d;
    this.d1 = d1;
    this.least0 = Math.min(least1, d);
    this.least1 = least1;
    this.least2 = least2;
    this.cut = cut;
    return first;
  }

  /** A lower estimate of the smallest eigenvalue of the segment. */
  private shift({ start, end }: Segment): number {
    const { q, e, d0, d1, least0, least1, least2 } = this;
    if (Number.isNaN(least0)) return 0;
    if (least0 !== d0) return least0 * this.boldness;
    this.boldness = TIMID;
    // The smallest d is the last one: the end is about to converge.
    if (least1 === d1 && end - 2 >= start && least2 < Infinity) {
      const b1 = Math.sqrt(q[end]! * e[end - 1]!);
      const b2 = Math.sqrt(q[end - 1]! * e[end - 2]!);
      const a = q[end - 1]! + e[end - 1]!;
      const room = 0.75 * least2 - a;
      const gap = room > b2 ? a - d0 - (b2 / room) * b2 : a - d0 - (b1 + b2);
      if (gap > b1) return Math.max(d0 - (b1 / gap) * b1, d0 / 2);
      const bound = a > b1 + b2 ? Math.min(d0 > b1 ? d0 - b1 : 0, a - (b1 + b2)) : d0 > b1 ? d0 - b1 : 0;
      return Math.max(bound, d0 / 3);
    }
    // Rayleigh quotient minus residual, of the vector that the last rows suggest.
    let term = e[end - 1]! / q[end - 1]!;
    let norm = term;
    for (let i = end - 2; i >= start && 100 * term >= norm && norm < 0.563; i--) {
      if (e[i]! > q[i]!) return least0 / 4;
      term *= e[i]! / q[i]!;
      norm += term;
    }
    norm *= 1.05;
    return norm < 0.563 ? (d0 * (1 - Math.sqrt(norm))) / (1 + norm) : least0 / 4;
  }
}

/** Eigenvalues of B^T B, larger first, for the squares q0, e, q1 of a bidiagonal 2 x 2, each to full relative accuracy. */
function twoByTwo(q0: number, e: number, q1: number): [number, number] {
  const [large, small] = q0 >= q1 ? [q0, q1] : [q1, q0];
  const half = 0.5 * (large - small + e);
  if (e === 0 || half === 0) return [large, small];
  const s = small * (e / half);
  const rest = s <= half ? small * (e / (half * (1 + Math.sqrt(1 + s / half)))) : small * (e / (half + Math.sqrt(half) * Math.sqrt(half + s)));
  const top = large + (rest + e);
  return [top, small * (large / top)];
}
