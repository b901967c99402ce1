/** Dead directions of a model at its checkpoint: candidates, their orders and verdicts, the gauge audit, and what can be assembled. */
import { Random } from '../base/random';
import { ArcMap } from '../direction/arc-map';
import { ArcReader } from '../direction/arc-order';
import { assemble, type DeadUnit, type Triple } from '../direction/assemble';
import { auditLayers, type LayerAudit } from '../direction/audit';
import { deadUnits } from '../direction/detectors/dead-units';
import type { LayerTaps } from '../direction/detectors/detector';
import { DETECTORS } from '../direction/detectors/registry';
import { centred, modelOutputs } from '../direction/output-map';
import { readCandidate, spanOf, type Span } from '../direction/read-directions';
import { columns } from '../direction/tangent';
import type { Direction } from '../direction/types';
import { InputError } from '../base/errors';
import type { Port } from '../model/symmetries/symmetry';
import type { LayerTap, Model, Parameter } from '../model/types';
import { gramOfRows } from '../numerics/cpu/gram';
import type { Tensor, TensorOps } from '../numerics/ops';
import { eigenvaluesOfGram } from '../numerics/solve';
import { Tape, type Var } from '../numerics/tape';
import { sliceInputs, type Probe } from '../probe/types';

/** Outputs (samples x positions x classes) that are followed at most, and doubles that their Jacobian may take. */
const MOST_OUTPUTS = 2000;
const MOST_JACOBIAN = 3e7;

export interface DirectionsReport {
  directions: Direction[];
  audit: LayerAudit[];
  triple: Triple;
}

export interface DirectionHooks {
  progress(layer: string | null, done: number, total: number): void;
  found(direction: Direction): void;
  signal?: AbortSignal;
}

/** @param parameters as `model.parameters()` gives them. Weights that are not finite make every direction unresolved. */
export async function readModelDirections(
  model: Model,
  parameters: ReadonlyMap<string, Parameter>,
  probe: Probe,
  { loss, seed }: { loss: 'mse' | 'ce'; seed: number },
  ops: TensorOps,
  hooks: DirectionHooks,
): Promise<DirectionsReport> {
  const positions = probe.inputs.kind === 'tokens' ? probe.inputs.positions : 1;
  const samples = Math.max(1, Math.min(probe.inputs.samples, Math.floor(MOST_OUTPUTS / (model.outputs * positions))));
  const inputs = sliceInputs(probe.inputs, 0, samples);
  const random = new Random(seed).split('directions');
  let reader: ArcReader;
  let map: ArcMap;
  try {
    map = await ArcMap.open(ops, modelOutputs(model, parameters, inputs, { loss }));
    reader = await ArcReader.open(map, { seed });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { directions: [], audit: [], triple: { lambda: null, bounds: null, reason: error.message } };
  }
  try {
    const taps = await tapsOf(model, parameters, inputs, loss, ops, random.split('cotangents'));
    const site = { model, parameters, loss, taps, random };
    const candidates = DETECTORS.flatMap((detector) => [...detector.find(site)]);
    const symmetries = spanOfSymmetries(map, model, parameters, loss);
    const directions: Direction[] = [];
    for (const [i, candidate] of candidates.entries()) {
      hooks.signal?.throwIfAborted();
      hooks.progress(candidate.layer, i, candidates.length);
      const direction = await readCandidate(reader, candidate, { sweep: {}, symmetries });
      directions.push(direction);
      hooks.found(direction);
    }
    const audit = await auditOf(map, model, parameters, loss);
    const structure = {
      rank: reader.tangent.rank,
      dimension: map.dimension,
      unexplained: audit.length === 0 ? null : audit.reduce((sum, line) => sum + line.unexplained, 0),
      linearChain: linearChain(model, parameters),
      deadUnits: deadUnitsOf(model, parameters, directions),
    };
    return { directions, audit, triple: assemble(structure, directions) };
  } finally {
    reader.dispose();
  }
}

/** Inputs and gradients of every dense layer, for one random cotangent of the outputs per row (centred logits for ce): no labels needed. */
async function tapsOf(
  model: Model,
  parameters: ReadonlyMap<string, Parameter>,
  inputs: Probe['inputs'],
  loss: 'mse' | 'ce',
  ops: TensorOps,
  random: Random,
): Promise<LayerTaps[]> {
  const tape = new Tape(ops);
  const taps = new Map<string, LayerTap<Var<Tensor>>>();
  const lifted = new Map<string, Var<Tensor>>();
  const weight = (name: string) => {
    const known = lifted.get(name) ?? tape.lift(ops.constant(parameters.get(name)!.values, parameters.get(name)!.shape));
    lifted.set(name, known);
    return known;
  };
  let output = model.forward(tape, weight, inputs, (layer, tap) => taps.set(layer, tap));
  if (loss === 'ce') output = centred(tape, output);
  const layers = model.layers.filter((layer) => layer.dense && taps.has(layer.name));
  const shape = tape.shape(output);
  const seed = ops.constant(random.normals(shape.reduce((a, b) => a * b, 1)), shape);
  const gradients = tape.gradient(output, seed, layers.map((layer) => taps.get(layer.name)!.pre));
  const found: LayerTaps[] = [];
  for (const [i, layer] of layers.entries()) {
    const input = taps.get(layer.name)!.input!;
    const [rows, width] = tape.shape(input) as [number, number];
    const values = await ops.read(input.value);
    found.push({
      layer,
      rows,
      inputs: layer.dense!.bias === null ? values : withOnes(values, rows, width),
      width: width + (layer.dense!.bias === null ? 0 : 1),
      gradients: await ops.read(gradients[i]!),
    });
  }
  ops.dispose(seed, ...gradients, ...tape.values(), ...[...lifted.values()].map((v) => v.value));
  return found;
}

function withOnes(values: Float64Array, rows: number, width: number): Float64Array {
  const wide = new Float64Array(rows * (width + 1)).fill(1);
  for (let r = 0; r < rows; r++) wide.set(values.subarray(r * width, (r + 1) * width), r * (width + 1));
  return wide;
}

async function auditOf(map: ArcMap, model: Model, parameters: ReadonlyMap<string, Parameter>, loss: 'mse' | 'ce'): Promise<LayerAudit[]> {
  if (map.rows * map.dimension > MOST_JACOBIAN) return [];
  const linear = map.linearize([map.point], 0);
  try {
    const [jacobian] = await columns(map, linear);
    return auditLayers(map, jacobian!, model.layers, model.symmetries(), parameters, loss);
  } finally {
    linear.dispose();
  }
}

/** Multiplications that the span of all generators may take. */
const SPAN_WORK = 2e9;

/** All exact symmetries at these weights; null where there are too many to span. */
function spanOfSymmetries(map: ArcMap, model: Model, parameters: ReadonlyMap<string, Parameter>, loss: 'mse' | 'ce'): Span | null {
  const exact = model.symmetries().filter((s) => !s.approximate && (!s.loss || s.loss === loss));
  const count = exact.reduce((sum, s) => sum + s.dimension, 0);
  if (count ** 2 * map.dimension > SPAN_WORK) return null;
  const generators = exact.flatMap((s) => Array.from(s.generators(parameters), (g) => map.flat(g)));
  return spanOf(generators.filter((g) => g.some((x) => x !== 0)));
}

/** Widths and the rank of the product where every layer is linear and has no bias. */
function linearChain(model: Model, parameters: ReadonlyMap<string, Parameter>): { widths: number[]; rank: number } | null {
  const { layers, input } = model;
  if (input.kind !== 'vector' || model.spaces().length !== layers.length - 1) return null;
  if (!layers.every((layer) => layer.dense && layer.dense.bias === null && layer.dense.inputAxis === 1 && layer.activation === 'linear')) return null;
  let product = Float64Array.from({ length: input.width ** 2 }, (_, i) => (i % (input.width + 1) === 0 ? 1 : 0));
  let rows = input.width;
  for (const layer of layers) {
    const { values } = parameters.get(layer.dense!.weight)!;
    const next = new Float64Array(layer.width * input.width);
    for (let i = 0; i < layer.width; i++) {
      for (let k = 0; k < rows; k++) {
        for (let j = 0; j < input.width; j++) next[i * input.width + j]! += values[i * rows + k]! * product[k * input.width + j]!;
      }
    }
    product = next;
    rows = layer.width;
  }
  const { values } = eigenvaluesOfGram(gramOfRows(product, rows, input.width), { residuals: false });
  return { widths: [input.width, ...layers.map((layer) => layer.width)], rank: values.filter((x) => x > 1e-20 * values[0]!).length };
}

/** Order at zero of the function between the sides of a unit. */
const ORDER_AT_ZERO: Readonly<Record<string, number>> = { tanh: 1, gelu: 1, gelu_new: 1, silu: 1, relu: 1, leaky_relu: 1, quadratic: 2 };

/** Units that a detector found dead on both sides, as their spaces describe them. */
function deadUnitsOf(model: Model, parameters: ReadonlyMap<string, Parameter>, directions: readonly Direction[]): DeadUnit[] {
  const lines = (ports: readonly Port[]) => ports.reduce((sum, { name, axis }) => sum + parameters.get(name)!.values.length / parameters.get(name)!.shape[axis]!, 0);
  return directions.flatMap(({ detector, verdict, layer, note }) => {
    if (detector !== deadUnits.key || verdict !== 'singular' || !note!.includes('incoming and outgoing')) return [];
    const space = model.spaces().find((s) => s.layer === layer && s.activation !== 'linear');
    const order = space && ORDER_AT_ZERO[space.activation];
    return order ? [{ inputs: lines(space.writers), outputs: lines(space.readers), order }] : [];
  });
}
