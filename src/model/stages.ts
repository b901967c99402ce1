/** The stages of a forward pass: their composition, and what each of them reads, shows and makes, by a run over shapes alone. */
import type { Ops, Shape } from '../numerics/ops';
import { shapeOps } from '../numerics/shape-ops';
import { Tape, type Var } from '../numerics/tape';
import type { Batch, Model, Stage, Staged, TapSink, Weights } from './types';

/** One stage after the other, each on the stream of the one before it. */
export function composed(stages: readonly Stage[]): Model['forward'] {
  return (ops, weights, batch, sink) => runStages(stages, ops, weights, null, batch, sink);
}

/** The stream behind the last of some stages. */
export function runStages<T>(stages: readonly Stage[], ops: Ops<T>, weights: Weights<T>, stream: T | null, batch: Batch, sink: TapSink<T>): T {
  return stages.reduce<T | null>((x, stage) => stage.run(ops, weights, x, batch, sink), stream)!;
}

/** What a stage is, in names and in numbers of values. */
export interface StageSize {
  readonly stage: Stage;
  /** The parameters that it reads. */
  readonly parameters: ReadonlySet<string>;
  /** The layers that it shows. */
  readonly layers: ReadonlySet<string>;
  /** Values of the stream behind it. */
  readonly stream: number;
  /** Values that a pass on a tape makes, forward, and backward from its output to its layers and its input. */
  readonly forward: number;
  readonly backward: number;
}

/** The sizes of all stages for one batch. */
export function stageSizes({ stages, shapes }: Staged, batch: Batch): StageSize[] {
  let stream: Shape | null = null;
  return stages.map((stage) => {
    const counted = shapeOps();
    const tape = new Tape(counted.ops);
    const parameters = new Map<string, Var<Shape>>();
    const pres = new Map<string, Var<Shape>>();
    const weights = (name: string): Var<Shape> => {
      const weight = parameters.get(name) ?? tape.lift(shapes.get(name)!);
      parameters.set(name, weight);
      return weight;
    };
    const before: Var<Shape> | null = stream && tape.lift(stream);
    const output = stage.run(tape, weights, before, batch, (layer, { pre }) => pres.set(layer, pre));
    const forward = counted.made();
    tape.gradient(output, output.value, [...pres.values(), ...(before ? [before] : [])]);
    stream = output.value;
    return {
      stage,
      parameters: new Set(parameters.keys()),
      layers: new Set(pres.keys()),
      stream: stream.reduce((a, b) => a * b, 1),
      forward,
      backward: counted.made() - forward,
    };
  });
}
