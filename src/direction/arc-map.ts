/** An output map on flat weights: Taylor coefficients along curves, and their derivative by the curve. */
import { InputError } from '../base/errors';
import { type Jet, Jets } from '../numerics/jet';
import type { Shape, Tensor, TensorOps } from '../numerics/ops';
import { sizeOf } from '../numerics/shape';
import { Tape, type Var } from '../numerics/tape';
import { countGates, withOpenGates } from './gates';
import type { NamedVector, OutputMap } from './output-map';

/** Coefficients of a power series in t, each a flat vector; null or missing is zero. */
export type Series = readonly (Float64Array | null)[];

/** Signs of values under this many roundoffs of the largest of their tensor are decided by the next power of t. */
const SIGN_UNITS = 64;

interface Slot {
  readonly name: string;
  readonly shape: Shape;
  readonly offset: number;
  readonly size: number;
}

/** The derivative of the output coefficients by the curve, sum_s t^s A_s, at one curve. */
export interface Linearization {
  /** Coefficients of DF(w(t)) v(t) for a tangent v(t) of flat weights. */
  apply(tangent: Series): Promise<Float64Array[]>;
  /** Coefficients of DF(w(t))^T y(t) for y(t) of outputs. */
  applyTransposed(y: Series): Promise<Float64Array[]>;
  dispose(): void;
}

/** A forward pass over the tape, kept for many backward passes. */
interface Recording {
  readonly tape: Tape<Jet<Tensor>>;
  readonly inputs: readonly Var<Jet<Tensor>>[];
  readonly output: Var<Jet<Tensor>>;
  readonly held: readonly Jet<Tensor>[];
}

export class ArcMap {
  private constructor(
    readonly ops: TensorOps,
    readonly map: OutputMap,
    private readonly slots: readonly Slot[],
    /** w0 [dimension]. */
    readonly point: Float64Array,
    /** Number of outputs. */
    readonly rows: number,
    /** Relu at w0 on the probe: how many inputs are exactly at the kink, where +u and -u differ, and how many units are never on. */
    readonly gates: { readonly atZero: number; readonly closed: number },
  ) {}

  /** Runs the map once. @throws InputError `not-finite`, naming the tensor, where weights or outputs are not finite. */
  static async open(ops: TensorOps, map: OutputMap): Promise<ArcMap> {
    const slots: Slot[] = [];
    let offset = 0;
    for (const [name, { shape }] of map.weights) {
      slots.push({ name, shape, offset, size: sizeOf(shape) });
      offset += sizeOf(shape);
    }
    const point = new Float64Array(offset);
    for (const slot of slots) {
      const { values } = map.weights.get(slot.name)!;
      point.set(values, slot.offset);
      const bad = values.findIndex((x) => !Number.isFinite(x));
      if (bad >= 0) throw new InputError('not-finite', `'${slot.name}' holds ${values[bad]} at position ${bad}: directions need finite weights.`, { tensor: slot.name });
    }
    const opened = new ArcMap(ops, map, slots, point, 0, { atZero: 0, closed: 0 });
    const [outputs] = await opened.coefficients([point], 0);
    if (!outputs!.every(Number.isFinite)) throw new InputError('not-finite', 'The outputs on the probe are not finite numbers: check the weights and the probe.');
    return new ArcMap(ops, map, slots, point, outputs!.length, await opened.countGates());
  }

  get dimension(): number {
    return this.point.length;
  }

  /** Where a tensor begins in flat weights. */
  offset(name: string): number {
    return this.slot(name).offset;
  }

  /** @throws InputError `unknown-tensor` for a name or a length that the weights do not have. */
  flat(vector: NamedVector): Float64Array {
    const out = new Float64Array(this.dimension);
    for (const [name, values] of vector) {
      const slot = this.slots.find((s) => s.name === name);
      if (slot?.size !== values.length) {
        const found = slot ? `${slot.size} values` : 'no tensor of that name';
        throw new InputError('unknown-tensor', `A direction gives ${values.length} values for '${name}', and the weights that may move have ${found}.`, { tensor: name });
      }
      out.set(values, slot.offset);
    }
    return out;
  }

  /**
   * c_0 .. c_order of F along sum_k arc[k] t^k; with `gates` 'open', of the network in which relu units that no sample of the probe
   * switches on pass something all the same.
   */
  async coefficients(arc: Series, order: number, gates: 'as they are' | 'open' = 'as they are'): Promise<Float64Array[]> {
    const { ops } = this;
    const output = ops.scope(() => {
      const jets = this.jets(order);
      return this.map.outputs(gates === 'open' ? withOpenGates(jets) : jets, this.weights(jets, arc));
    });
    return (await this.read([output], order))[0]!;
  }

  /** J at w0 by columns [dimension, rows], sample by sample; null where the map does not come apart into samples. */
  async jacobianBySamples(): Promise<Float64Array | null> {
    const { ofSample, samples } = this.map;
    if (!ofSample || samples === null) return null;
    const lines = new Float64Array(this.rows * this.dimension);
    const count = this.rows / samples;
    for (let i = 0; i < samples; i++) {
      const linear = new ArcMap(this.ops, ofSample(i), this.slots, this.point, count, this.gates).linearize([this.point], 0);
      for (let r = 0; r < count; r++) {
        const [row] = await linear.applyTransposed([Float64Array.from({ length: count }, (_, k) => (k === r ? 1 : 0))]);
        row!.forEach((x, p) => (lines[p * this.rows + i * count + r] = x));
      }
      linear.dispose();
    }
    return lines;
  }

  /** At the curve `arc`, to order `order` in t. Tensors are held until `dispose`. */
  linearize(arc: Series, order: number): Linearization {
    const { ops } = this;
    const jets = this.jets(order);
    let record: Recording | null = null;
    const recorded = () => {
      if (record) return record;
      const tape = new Tape(jets);
      let inputs: Var<Jet<Tensor>>[] = [];
      let output: Var<Jet<Tensor>> | undefined;
      const held = ops.scope(() => {
        inputs = this.slots.map((slot) => tape.lift(this.jet(jets, slot, arc)));
        output = this.map.outputs(tape, (name) => inputs[this.slots.indexOf(this.slot(name))]!);
        return [...tape.values(), ...inputs.map((x) => x.value)];
      });
      return (record = { tape, inputs, output: output!, held });
    };
    return {
      apply: async (tangent) => {
        const moved = ops.scope(() => {
          const outer = new Jets(jets, 1, null);
          const base = this.weights(jets, arc);
          const output = this.map.outputs(outer, (name) => {
            const x = base(name);
            const v = this.jet(jets, this.slot(name), tangent);
            return outer.series(x.shape, v.terms.some((term) => term !== null) ? [x, v] : [x]);
          });
          return output.terms[1] ?? { shape: output.shape, terms: [] };
        });
        return (await this.read([moved], order))[0]!;
      },
      applyTransposed: async (y) => {
        const { tape, output, inputs } = recorded();
        const gradients = ops.scope(() => {
          const shape = output.value.shape;
          const seed = jets.series(shape, y.map((values) => values && ops.constant(values, shape)));
          return tape.gradient(output, seed, inputs);
        });
        const parts = await this.read(gradients, order);
        return Array.from({ length: order + 1 }, (_, k) => {
          const flat = new Float64Array(this.dimension);
          this.slots.forEach((slot, i) => flat.set(parts[i]![k]!, slot.offset));
          return flat;
        });
      },
      dispose: () => {
        if (record) ops.dispose(...record.held.flatMap((jet) => jet.terms.filter((term) => term !== null)));
        record = null;
      },
    };
  }

  /** Where no input of relu is at its kink, its sign is that at t = 0. */
  private jets(order: number): Jets<Tensor> {
    return new Jets(this.ops, order, this.gates.atZero > 0 ? SIGN_UNITS * this.ops.roundoff : null);
  }

  private async countGates(): Promise<ArcMap['gates']> {
    const { ops, map } = this;
    const counts = ops.scope(() =>
      countGates(ops, SIGN_UNITS * ops.roundoff, (counting) =>
        map.outputs(counting, (name) => ops.constant(map.weights.get(name)!.values, map.weights.get(name)!.shape)),
      ),
    );
    const total = async (tensors: readonly Tensor[]) => (await Promise.all(tensors.map((x) => ops.read(x)))).reduce((sum, [n]) => sum + n!, 0);
    const found = { atZero: await total(counts.atZero), closed: await total(counts.closed) };
    ops.dispose(...counts.atZero, ...counts.closed);
    return found;
  }

  private slot(name: string): Slot {
    const slot = this.slots.find((s) => s.name === name);
    if (!slot) throw new Error(`internal: the map asks for the weight '${name}', which it does not list`);
    return slot;
  }

  /** Weights along a curve, each made when it is first asked for. */
  private weights(jets: Jets<Tensor>, arc: Series): (name: string) => Jet<Tensor> {
    const made = new Map<string, Jet<Tensor>>();
    return (name) => {
      const jet = made.get(name) ?? this.jet(jets, this.slot(name), arc);
      made.set(name, jet);
      return jet;
    };
  }

  /** One tensor of a flat series; a coefficient that is zero throughout is not there. */
  private jet(jets: Jets<Tensor>, { shape, offset, size }: Slot, series: Series): Jet<Tensor> {
    const terms = series.slice(0, jets.order + 1).map((flat) => {
      const values = flat?.subarray(offset, offset + size);
      return values?.some((x) => x !== 0) ? this.ops.constant(values, shape) : null;
    });
    return jets.series(shape, terms);
  }

  /** The terms of each, and frees them: after all are read, for two may share a tensor. */
  private async read(jets: readonly Jet<Tensor>[], order: number): Promise<Float64Array[][]> {
    const values = await Promise.all(
      jets.map(({ shape, terms }) =>
        Promise.all(Array.from({ length: order + 1 }, (_, k) => (terms[k] ? this.ops.read(terms[k]) : new Float64Array(sizeOf(shape))))),
      ),
    );
    this.ops.dispose(...jets.flatMap(({ terms }) => terms.filter((term) => term !== null)));
    return values;
  }
}
