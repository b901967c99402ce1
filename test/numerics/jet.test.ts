import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { cpuOps, cpuValues } from '../../src/numerics/cpu/ops';
import { type Jet, Jets } from '../../src/numerics/jet';
import type { Ops, Shape, Tensor, TensorOps, Unary } from '../../src/numerics/ops';
import { Tape } from '../../src/numerics/tape';
import { opsContract } from './ops.contract';
import { attentionBlock, classifier, normals } from './tape.examples';

const ops = cpuOps();
const TOLERANCE = 64 * ops.roundoff;
const ORDER = 6;

/** Jets as a `TensorOps`: values are the constant terms. */
function jetOps(): TensorOps {
  const jets = new Jets(ops, 2, TOLERANCE);
  const primitives = Object.fromEntries(
    ['constant', 'shape', 'add', 'sub', 'mul', 'div', 'affine', 'unary', 'matmul', 'sum', 'max', 'reshape', 'transpose', 'slice', 'concat', 'gather'].map(
      (name) => [name, (jets[name as keyof Ops<Jet<Tensor>>] as (...a: unknown[]) => unknown).bind(jets)],
    ),
  );
  return {
    ...(primitives as unknown as TensorOps),
    roundoff: ops.roundoff,
    read: (x) => ops.read((x as Jet<Tensor>).terms[0]!),
    scope: ops.scope,
    dispose: () => {},
  };
}

opsContract('jets of order 2 over cpu float64', async () => jetOps(), { functionUnits: 40 });

const random = new Random(3);
const term = (x: Jet<Tensor>, k: number): Float64Array => {
  const found = x.terms[k];
  return found ? cpuValues(found) : new Float64Array(x.shape.reduce((a, b) => a * b, 1));
};

/** A curve of tensors: `degree + 1` random terms. */
function curve(jets: Jets<Tensor>, shape: Shape, degree: number, shift = 0): Jet<Tensor> {
  const terms = Array.from({ length: degree + 1 }, (_, k) => ops.affine(ops.constant(normals(random, shape), shape), 0.5, k === 0 ? shift : 0));
  return jets.series(shape, terms);
}

/** The value of a series at t. */
function at(x: Jet<Tensor>, t: number): Tensor {
  const terms = Array.from({ length: x.terms.length }, (_, k) => term(x, k));
  return ops.constant(terms[0]!.map((_, i) => terms.reduceRight((sum, c) => sum * t + c[i]!, 0)), x.shape);
}

/** Taylor coefficients of t -> values(t) up to `order`, from the polynomial through Chebyshev nodes of [-r, r]. */
function fitted(values: (t: number) => Float64Array, order: number, r: number): Float64Array[] {
  const degree = 24;
  const nodes = Array.from({ length: degree + 1 }, (_, i) => Math.cos((Math.PI * (i + 0.5)) / (degree + 1)));
  const samples = nodes.map((x) => values(r * x));
  const size = samples[0]!.length;
  // Chebyshev coefficients, then T_n in powers of x by its recurrence.
  const powers: number[][] = [[1], [0, 1]];
  for (let n = 2; n <= degree; n++) {
    const next = new Array<number>(n + 1).fill(0);
    powers[n - 1]!.forEach((c, i) => (next[i + 1]! += 2 * c));
    powers[n - 2]!.forEach((c, i) => (next[i]! -= c));
    powers.push(next);
  }
  const out = Array.from({ length: order + 1 }, () => new Float64Array(size));
  for (let n = 0; n <= degree; n++) {
    for (let i = 0; i < size; i++) {
      let c = 0;
      nodes.forEach((x, k) => (c += samples[k]![i]! * Math.cos(n * Math.acos(x))));
      c *= (n === 0 ? 1 : 2) / (degree + 1);
      powers[n]!.forEach((p, k) => {
        if (k <= order) out[k]![i]! += (c * p) / r ** k;
      });
    }
  }
  return out;
}

function expectSeries(actual: Jet<Tensor>, expected: readonly Float64Array[], tolerance: number): void {
  expected.forEach((values, k) => {
    const found = term(actual, k);
    expect(found.length).toBe(values.length);
    values.forEach((value, i) => expect(Math.abs(found[i]! - value), `term ${k}`).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value))));
  });
}

describe('functions of t against their closed series', () => {
  const jets = new Jets(ops, 7, TOLERANCE);
  const t = (start: number) => jets.series([1], [ops.constant([start], [1]), ops.constant([1], [1])]);
  const one = (...c: number[]) => c.map((x) => Float64Array.of(x));
  const root = 2 / Math.sqrt(Math.PI);
  const cases: [Unary, number, number[]][] = [
    ['exp', 0, [1, 1, 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040]],
    ['log', 1, [0, 1, -1 / 2, 1 / 3, -1 / 4, 1 / 5, -1 / 6, 1 / 7]],
    ['sqrt', 1, [1, 1 / 2, -1 / 8, 1 / 16, -5 / 128, 7 / 256, -21 / 1024, 33 / 2048]],
    ['reciprocal', 1, [1, -1, 1, -1, 1, -1, 1, -1]],
    ['tanh', 0, [0, 1, 0, -1 / 3, 0, 2 / 15, 0, -17 / 315]],
    ['sigmoid', 0, [1 / 2, 1 / 4, 0, -1 / 48, 0, 1 / 480, 0, -17 / 80640]],
    ['erf', 0, [0, root, 0, -root / 3, 0, root / 10, 0, -root / 42]],
  ];
  it.each(cases)('%s(%d + t)', (f, start, expected) => {
    expectSeries(jets.unary(f, t(start)), one(...expected), 1e-15);
  });

  it('quotients of polynomials, and of a constant', () => {
    const x = t(0);
    const fibonacci = jets.div(x, jets.affine(jets.add(x, jets.mul(x, x)), -1, 1));
    expectSeries(fibonacci, one(0, 1, 1, 2, 3, 5, 8, 13), 0);
    const shifted = jets.affine(x, 2, 6);
    expectSeries(jets.div(shifted, jets.constant([2], [1])), one(3, 1, 0), 0);
  });
});

describe('one-sided kinks', () => {
  const jets = new Jets(ops, 3, TOLERANCE);
  // Signs of the first non-zero term: +, -, + at t, - at t, + at t^2, never.
  const x = jets.series([6], [
    ops.constant([1, -1, 0, 1e-17, 0, 0], [6]),
    ops.constant([-5, 5, 2, -2, 0, 0], [6]),
    null,
    ops.constant([1, 1, 1, 1, 3, 0], [6]),
  ]);
  it('relu keeps what opens for t > 0', () => {
    const y = jets.unary('relu', x);
    expect([...term(y, 0)]).toEqual([1, -0, 0, 0, 0, 0]);
    expect([...term(y, 1)].map((v) => v + 0)).toEqual([-5, 0, 2, 0, 0, 0]);
    expect([...term(y, 3)].map((v) => v + 0)).toEqual([1, 0, 1, 0, 3, 0]);
  });
  it('step is a constant', () => {
    const y = jets.unary('step', x);
    expect(y.terms).toHaveLength(1);
    expect([...term(y, 0)]).toEqual([1, 0, 1, 0, 1, 0]);
  });
  it('not-a-number stays in sight', () => {
    expect(term(jets.unary('relu', jets.series([1], [ops.constant([NaN], [1]), ops.constant([1], [1])])), 0)[0]).toBeNaN();
  });
});

describe('whole networks', () => {
  it.each([['an MLP with softmax cross-entropy', classifier], ['an attention block', attentionBlock]])('%s: the series is the Taylor series', (_, example) => {
    const { inputs, run } = example(random);
    const jets = new Jets(ops, ORDER, TOLERANCE);
    const curves = inputs.map(({ shape }) => curve(jets, shape, 2, 0.3));
    const { output } = run(jets, curves);
    const r = 0.02;
    const expected = fitted((t) => cpuValues(run(ops, curves.map((c) => at(c, t))).output), 3, r);
    expected.forEach((values, k) => {
      const found = term(output, k);
      const scale = Math.max(...values.map(Math.abs));
      values.forEach((value, i) => expect(Math.abs(found[i]! - value), `term ${k}`).toBeLessThan(1e-13 * (3 / r) ** k * Math.max(1, scale)));
    });
  });

  it('weights that do not move cost nothing but the value', () => {
    const { inputs, run } = attentionBlock(random);
    const jets = new Jets(ops, ORDER, TOLERANCE);
    const { output } = run(jets, inputs.map(({ shape, values }) => jets.constant(values, shape)));
    expect(output.terms).toHaveLength(1);
  });
});

describe('the tape over jets', () => {
  const order = 3;
  const jets = new Jets(ops, order, TOLERANCE);

  it.each([['an MLP with softmax cross-entropy', classifier], ['an attention block', attentionBlock]])('%s: adjoint of jets over jets', (_, example) => {
    const { inputs, run } = example(random);
    const curves = inputs.map(({ shape }) => curve(jets, shape, order, 0.3));
    const tangents = inputs.map(({ shape }) => curve(jets, shape, 0));
    // Forward: the curve moved by epsilon in the direction of the tangents, to first order in epsilon.
    const outer = new Jets(jets, 1, null);
    const forward = run(outer, curves.map((c, i) => outer.series(c.shape, [c, tangents[i]!]))).output.terms[1]!;
    const tape = new Tape(jets);
    const lifted = curves.map((c) => tape.lift(c));
    const { output } = run(tape, lifted);
    const shape = tape.shape(output);
    const seed = jets.constant(normals(random, shape), shape);
    const gradients = tape.gradient(output, seed, lifted);
    const inner = (a: Jet<Tensor>, b: Jet<Tensor>, s: number) =>
      term(jets.mul(a, b), s).reduce((sum, x) => sum + x, 0);
    for (let s = 0; s <= order; s++) {
      const left = inner(forward, seed, s);
      const right = gradients.reduce((sum, g, i) => sum + inner(g, tangents[i]!, s), 0);
      expect(left).not.toBe(0);
      expect(Math.abs(left - right)).toBeLessThan(1e-11 * Math.max(1, Math.abs(left)));
    }
  });
});
