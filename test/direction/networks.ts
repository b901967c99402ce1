/** Networks for reading directions: two hidden layers of one activation, with structure planted in the second. */
import { Random } from '../../src/base/random';
import type { NamedVector, OutputMap } from '../../src/direction/output-map';
import { activate } from '../../src/model/layers/activations';

export interface Planted extends OutputMap {
  readonly widths: readonly [number, number, number, number];
  /** Unit `i` of the second hidden layer: its incoming row and outgoing column moved by these. */
  unit(i: number, incoming: ArrayLike<number> | null, outgoing: ArrayLike<number> | null): NamedVector;
  incoming(i: number): Float64Array;
  outgoing(i: number): Float64Array;
  /** (s, 1/s) of unit i. */
  rescaling(i: number): NamedVector;
}

/** Unit 0 of the second hidden layer is dead on both sides, and unit 2 reads what unit 1 reads. */
export function planted(activation: string, widths: readonly [number, number, number, number], samples: number, change: (weights: Record<string, Float64Array>) => void = () => {}): Planted {
  const [a, b, c, d] = widths;
  const random = new Random(1);
  const draw = (rows: number, columns: number) => random.normals(rows * columns).map((x) => x / Math.sqrt(columns));
  const w = { first: draw(b, a), second: draw(c, b), last: draw(d, c) };
  w.second.fill(0, 0, b);
  w.second.copyWithin(2 * b, b, 2 * b);
  for (let o = 0; o < d; o++) w.last[o * c] = 0;
  change(w);
  const x = random.normals(samples * a);
  const row = (i: number, values: ArrayLike<number>) => {
    const out = new Float64Array(c * b);
    out.set(values, i * b);
    return out;
  };
  const column = (i: number, values: ArrayLike<number>) => {
    const out = new Float64Array(d * c);
    for (let o = 0; o < d; o++) out[o * c + i] = values[o]!;
    return out;
  };
  const incoming = (i: number) => w.second.slice(i * b, (i + 1) * b);
  const outgoing = (i: number) => Float64Array.from({ length: d }, (_, o) => w.last[o * c + i]!);
  const unit = (i: number, before: ArrayLike<number> | null, after: ArrayLike<number> | null) =>
    new Map([...(before ? [['second', row(i, before)] as const] : []), ...(after ? [['last', column(i, after)] as const] : [])]);
  return {
    widths,
    samples,
    weights: new Map([
      ['first', { values: w.first, shape: [b, a] }],
      ['second', { values: w.second, shape: [c, b] }],
      ['last', { values: w.last, shape: [d, c] }],
    ]),
    outputs(ops, at) {
      let y = ops.constant(x, [samples, a]);
      for (const name of ['first', 'second']) y = activate(ops, activation, ops.matmul(y, at(name), { transposeB: true }));
      return ops.affine(ops.matmul(y, at('last'), { transposeB: true }), 1 / Math.sqrt(samples), 0);
    },
    unit,
    incoming,
    outgoing,
    rescaling: (i) => unit(i, incoming(i), outgoing(i).map((v) => -v)),
  };
}

/** Two moves of different tensors or rows at once. */
export function together(a: NamedVector, b: NamedVector): NamedVector {
  const out = new Map(a);
  for (const [name, values] of b) out.set(name, out.get(name)?.map((x, i) => x + values[i]!) ?? values);
  return out;
}
