/**
 * Truncated power series over any `Ops<T>`: a layer that is written over the primitives then gives the Taylor coefficients of its
 * output along a curve of weights, and, with the tape above it, the derivative of every coefficient by the weights.
 * (Recurrences: Griewank & Walther, Evaluating Derivatives, 2nd ed., chapter 13.)
 */
import { seriesOf } from './jet-series';
import type { MatmulOptions, Ops, Shape, Unary } from './ops';
import { broadcastShape, concatenatedShape, matmulShape, sameShape, sizeOf } from './shape';

/** sum_k terms[k] t^k. A term that is null, or beyond the end of the list, is zero; every other one has the shape of the jet. */
export interface Jet<T> {
  readonly shape: Shape;
  readonly terms: readonly (T | null)[];
}

export class Jets<T> implements Ops<Jet<T>> {
  /**
   * @param order the highest power of t that is kept
   * @param tolerance a value under `tolerance` times the largest of its tensor counts as zero where a sign is asked for (relu, step);
   *   null leaves signs to the layer below at t = 0, so that terms of first order are linear in what moves: for jets over jets.
   */
  constructor(
    private readonly ops: Ops<T>,
    readonly order: number,
    private readonly tolerance: number | null,
  ) {}

  /** A value that does not move. */
  lift(value: T): Jet<T> {
    return { shape: this.ops.shape(value), terms: [value] };
  }

  /** terms[k] is the coefficient of t^k; those above the order are dropped. */
  series(shape: Shape, terms: readonly (T | null)[]): Jet<T> {
    return { shape, terms: terms.slice(0, this.order + 1) };
  }

  constant(values: Float64Array | Float32Array | readonly number[], shape: Shape): Jet<T> {
    return this.lift(this.ops.constant(values, shape));
  }

  shape(x: Jet<T>): Shape {
    return x.shape;
  }

  add(a: Jet<T>, b: Jet<T>): Jet<T> {
    const { ops } = this;
    const shape = broadcastShape('add', a.shape, b.shape);
    return this.made(shape, a, b, (p, q) => (p === null ? this.expand(q!, shape) : q === null ? this.expand(p, shape) : ops.add(p, q)));
  }

  sub(a: Jet<T>, b: Jet<T>): Jet<T> {
    const { ops } = this;
    const shape = broadcastShape('sub', a.shape, b.shape);
    return this.made(shape, a, b, (p, q) => {
      if (q === null) return this.expand(p!, shape);
      return p === null ? this.expand(ops.affine(q, -1, 0), shape) : ops.sub(p, q);
    });
  }

  mul(a: Jet<T>, b: Jet<T>): Jet<T> {
    return this.product(broadcastShape('mul', a.shape, b.shape), a, b, (p, q) => this.ops.mul(p, q));
  }

  div(a: Jet<T>, b: Jet<T>): Jet<T> {
    const { ops } = this;
    const shape = broadcastShape('div', a.shape, b.shape);
    const divisor = this.leading(b);
    const terms: (T | null)[] = [];
    const last = b.terms.length > 1 ? this.order : a.terms.length - 1;
    for (let k = 0; k <= last; k++) {
      // b_0 q_k = a_k - sum_{j >= 1} b_j q_{k - j}
      let rest: T | null = a.terms[k] ?? null;
      for (let j = 1; j <= k; j++) {
        const [p, q] = [b.terms[j] ?? null, terms[k - j]!];
        if (p === null || q === null) continue;
        const part = ops.mul(p, q);
        rest = rest === null ? ops.affine(part, -1, 0) : ops.sub(rest, part);
      }
      terms.push(rest === null ? null : ops.div(rest, divisor));
    }
    return { shape, terms };
  }

  affine(x: Jet<T>, scale: number, shift: number): Jet<T> {
    const { ops } = this;
    const terms = x.terms.map((term, k) => (term === null ? null : ops.affine(term, scale, k === 0 ? shift : 0)));
    if (shift !== 0 && !terms[0]) terms[0] = ops.constant(new Float64Array(sizeOf(x.shape)).fill(shift), x.shape);
    return { shape: x.shape, terms };
  }

  unary(f: Unary, x: Jet<T>): Jet<T> {
    const { ops } = this;
    const terms = [this.leading(x), ...x.terms.slice(1)];
    const moves = terms.some((term, k) => k > 0 && term !== null);
    if (!moves) return { shape: x.shape, terms: [ops.unary(f, terms[0]!)] };
    if (f === 'step') return { shape: x.shape, terms: [this.opening(x)] };
    if (f === 'relu') {
      const open = this.opening(x);
      return { shape: x.shape, terms: x.terms.map((term) => term && ops.mul(term, open)) };
    }
    return { shape: x.shape, terms: seriesOf(ops, f, terms as [T, ...(T | null)[]], this.order) };
  }

  matmul(a: Jet<T>, b: Jet<T>, options: MatmulOptions = {}): Jet<T> {
    const { batch, m, n } = matmulShape(a.shape, b.shape, options);
    return this.product([...batch, m, n], a, b, (p, q) => this.ops.matmul(p, q, options));
  }

  sum(x: Jet<T>, axes: readonly number[]): Jet<T> {
    return this.mapped(x, (term) => this.ops.sum(term, axes));
  }

  /** The maximum at t = 0, a constant: as everywhere, use it only where the result cancels. */
  max(x: Jet<T>, axes: readonly number[]): Jet<T> {
    return this.lift(this.ops.max(this.leading(x), axes));
  }

  reshape(x: Jet<T>, shape: Shape): Jet<T> {
    return this.mapped(x, (term) => this.ops.reshape(term, shape));
  }

  transpose(x: Jet<T>, permutation: readonly number[]): Jet<T> {
    return this.mapped(x, (term) => this.ops.transpose(term, permutation));
  }

  slice(x: Jet<T>, begin: readonly number[], size: readonly number[]): Jet<T> {
    return this.mapped(x, (term) => this.ops.slice(term, begin, size));
  }

  concat(parts: readonly Jet<T>[], axis: number): Jet<T> {
    const { ops } = this;
    const shape = concatenatedShape(parts.map((part) => part.shape), axis);
    const length = Math.max(...parts.map((part) => part.terms.length));
    const terms = Array.from({ length }, (_, k) => {
      if (parts.every((part) => !part.terms[k])) return null;
      return ops.concat(parts.map((part) => part.terms[k] ?? this.zeros(part.shape)), axis);
    });
    return { shape, terms };
  }

  gather(table: Jet<T>, indices: Int32Array): Jet<T> {
    return this.mapped(table, (term) => this.ops.gather(term, indices));
  }

  /** Term by term; `f` is called where one of the two is there. */
  private made(shape: Shape, a: Jet<T>, b: Jet<T>, f: (p: T | null, q: T | null) => T): Jet<T> {
    const terms = Array.from({ length: Math.max(a.terms.length, b.terms.length) }, (_, k) => {
      const [p, q] = [a.terms[k] ?? null, b.terms[k] ?? null];
      return p === null && q === null ? null : f(p, q);
    });
    return { shape, terms };
  }

  /** A linear map of every term; of a jet without terms, of zero. */
  private mapped(x: Jet<T>, f: (term: T) => T): Jet<T> {
    const terms = x.terms.some((term) => term !== null) ? x.terms.map((term) => (term === null ? null : f(term))) : [f(this.zeros(x.shape))];
    return { shape: this.ops.shape(terms.find((term) => term !== null)!), terms };
  }

  /** Cauchy product. */
  private product(shape: Shape, a: Jet<T>, b: Jet<T>, times: (p: T, q: T) => T): Jet<T> {
    const terms: (T | null)[] = [];
    const length = Math.min(this.order + 1, a.terms.length + b.terms.length - 1);
    for (let k = 0; k < length; k++) {
      let total: T | null = null;
      for (let i = Math.max(0, k - b.terms.length + 1); i <= k && i < a.terms.length; i++) {
        const [p, q] = [a.terms[i]!, b.terms[k - i]!];
        if (p === null || q === null) continue;
        const part = times(p, q);
        total = total === null ? part : this.ops.add(total, part);
      }
      terms.push(total);
    }
    return { shape, terms };
  }

  /** 1 where the series is positive for small t > 0, else 0: the sign of the first term that is not zero. */
  private opening(x: Jet<T>): T {
    const { ops, tolerance } = this;
    if (tolerance === null) return ops.unary('step', this.leading(x));
    let open: T | null = null;
    let undecided: T | null = null;
    for (const term of x.terms) {
      if (term === null) continue;
      const { above, below } = signsOf(ops, term, tolerance);
      const now: T = undecided === null ? above : ops.mul(undecided, above);
      open = open === null ? now : ops.add(open, now);
      const zero = ops.affine(ops.add(above, below), -1, 1);
      undecided = undecided === null ? zero : ops.mul(undecided, zero);
    }
    return open ?? this.zeros(x.shape);
  }

  private leading(x: Jet<T>): T {
    return x.terms[0] ?? this.zeros(x.shape);
  }

  private expand(term: T, shape: Shape): T {
    return sameShape(this.ops.shape(term), shape) ? term : this.ops.add(this.zeros(shape), term);
  }

  private zeros(shape: Shape): T {
    return this.ops.constant(new Float32Array(sizeOf(shape)), shape);
  }
}

/** Where x is positive and where negative by more than `tolerance` times its largest magnitude: 1 there, else 0. */
export function signsOf<T>(ops: Ops<T>, x: T, tolerance: number): { above: T; below: T } {
  const negative = ops.affine(x, -1, 0);
  const size = ops.add(ops.unary('relu', x), ops.unary('relu', negative));
  const cut = ops.affine(ops.max(size, ops.shape(x).map((_, axis) => axis)), tolerance, 0);
  return { above: ops.unary('step', ops.sub(x, cut)), below: ops.unary('step', ops.sub(negative, cut)) };
}
