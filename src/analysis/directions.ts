/** Dead directions of a model at its checkpoint: candidates, their orders and verdicts, the gauge audit, and what can be assembled. */
import { memoize } from '../base/memoize';
import { Random } from '../base/random';
import { ArcMap } from '../direction/arc-map';
import { ArcReader } from '../direction/arc-order';
import { assemble, type Triple } from '../direction/assemble';
import { auditLayers, type LayerAudit } from '../direction/audit';
import { decayedUnits, type DecayedUnits } from '../direction/decayed-units';
import type { LayerTaps } from '../direction/detectors/detector';
import { DETECTORS } from '../direction/detectors/registry';
import { deadNodes, type NodeDeath, readNodeDeath, takenTogether } from '../direction/node-death';
import { centred, modelOutputs, type NamedVector } from '../direction/output-map';
import { readCandidate } from '../direction/read-directions';
import { type Span, spanOfMany } from '../direction/span';
import type { Candidate, Direction } from '../direction/types';
import { InputError } from '../base/errors';
import { generatorsOf, isExact } from '../model/symmetries/symmetry';
import type { LayerTap, Model, ModelLayer, Parameter } from '../model/types';
import { gramOfRows } from '../numerics/cpu/gram';
import { multiply } from '../numerics/cpu/matmul';
import type { Tensor, TensorOps } from '../numerics/ops';
import { eigenvaluesOfGram } from '../numerics/solve';
import { Tape, type Var } from '../numerics/tape';
import { outputPositions, sliceInputs, type Probe } from '../probe/types';
import { placeOfDirection, type DirectionId } from './direction-id';
import { withOnes } from './layer-sums';

/** Outputs (samples x positions x classes) that are followed at most. */
const MOST_OUTPUTS = 2000;
/** Dead units whose loci are read. */
const MOST_NODES = 8;

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

/** Where directions are read: the outputs on the probe as a function of the weights. */
interface Place {
  readonly map: ArcMap;
  /** Null where `parameters` are the weights as they are stored. */
  readonly decayed: DecayedUnits | null;
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly inputs: Probe['inputs'];
  readonly mostSamples: number;
  readonly random: Random;
}

/** @throws InputError where the outputs are not finite. */
async function placeOf(model: Model, stored: ReadonlyMap<string, Parameter>, probe: Probe, { loss, seed }: ReadSettings, ops: TensorOps): Promise<Place> {
  const positions = outputPositions(probe.inputs, model.input);
  const mostSamples = Math.max(1, Math.floor(MOST_OUTPUTS / (model.outputs * positions)));
  const samples = Math.max(1, Math.min(probe.inputs.samples, mostSamples));
  const inputs = sliceInputs(probe.inputs, 0, samples);
  const outputsAt = (weights: ReadonlyMap<string, Parameter>) => ArcMap.open(ops, modelOutputs(model, weights, inputs, { loss }));
  const first = await outputsAt(stored);
  const decayed = await decayedUnits(first, model, stored);
  const map = decayed ? await outputsAt(decayed.parameters) : first;
  return { map, decayed, parameters: decayed?.parameters ?? stored, inputs, mostSamples, random: new Random(seed).split('directions') };
}

/** What the detectors propose there, in their order. */
async function candidatesAt({ decayed, parameters, inputs, random }: Place, model: Model, loss: 'mse' | 'ce', ops: TensorOps): Promise<Candidate[]> {
  const taps = await tapsOf(model, parameters, inputs, loss, ops, random.split('cotangents'));
  const site = { model, parameters, loss, decayed, taps, random };
  return DETECTORS.flatMap((detector) => [...detector.find(site)]);
}

export interface ReadSettings {
  loss: 'mse' | 'ce';
  seed: number;
}

/**
 * The vector of a direction that was read before, with the same model, probe and settings, and the weights that it starts from: those of
 * the checkpoint, or with nearly dead units at zero, as it was read there. Throws InputError where it is not found again.
 */
export async function directionVector(
  model: Model,
  stored: ReadonlyMap<string, Parameter>,
  probe: Probe,
  settings: ReadSettings,
  ops: TensorOps,
  id: DirectionId,
): Promise<{ vector: NamedVector; from: ReadonlyMap<string, Parameter>; note: string | null }> {
  const place = await placeOf(model, stored, probe, settings, ops);
  const candidates = await candidatesAt(place, model, settings.loss, ops);
  const { vector, note = null } = candidates[placeOfDirection(candidates, id)]!;
  return { vector, from: place.parameters, note };
}

/** @param stored as `model.parameters()` gives them. Weights that are not finite make every direction unresolved. */
export async function readModelDirections(
  model: Model,
  stored: ReadonlyMap<string, Parameter>,
  probe: Probe,
  settings: ReadSettings,
  ops: TensorOps,
  hooks: DirectionHooks,
): Promise<DirectionsReport> {
  const { loss, seed } = settings;
  let reader: ArcReader;
  let place: Place;
  try {
    place = await placeOf(model, stored, probe, settings, ops);
    reader = await ArcReader.open(place.map, { seed });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { directions: [], audit: [], triple: { lambda: null, bounds: null, reason: error.message } };
  }
  const { map, decayed, parameters, mostSamples, random } = place;
  try {
    const candidates = await candidatesAt(place, model, loss, ops);
    const symmetries = spanOfSymmetries(map, model, parameters, loss);
    const directions: Direction[] = [];
    const steps = candidates.length + model.layers.filter((layer) => layer.dense).length;
    for (const [i, candidate] of candidates.entries()) {
      hooks.signal?.throwIfAborted();
      hooks.progress(candidate.layer, i, steps);
      const read = await readCandidate(reader, candidate, { sweep: {}, symmetries, mostSamples });
      const direction = decayed?.touches(candidate.vector) ? { ...read, evidence: `${read.evidence} ${without(decayed)}` } : read;
      directions.push(direction);
      hooks.found(direction);
    }
    const jacobian = await reader.tangent.jacobian();
    const audit: LayerAudit[] = [];
    for (const line of jacobian ? auditLayers(map, jacobian, model.layers, model.symmetries(), parameters, loss) : []) {
      hooks.signal?.throwIfAborted();
      audit.push(line);
      hooks.progress(line.layer, candidates.length + audit.length, steps);
    }
    const dead = deadNodes(model.spaces(), parameters);
    const deaths: NodeDeath[] = [];
    for (const node of dead.length > MOST_NODES ? [] : dead) deaths.push(await readNodeDeath(ops, reader, node, parameters, random.split('node death')));
    const triple = assemble(
      {
        rank: reader.tangent.rank,
        unexplained: audit.length === 0 ? null : audit.reduce((sum, line) => sum + line.unexplained, 0),
        linearChain: linearChain(model, parameters),
        deadUnits: dead.length,
        nodeDeath: dead.length > MOST_NODES ? { singularity: null, reason: `${dead.length} units are dead: more than ${MOST_NODES} are not taken together.` } : takenTogether(deaths, new Set(dead.map(({ space }) => space.layer)).size === 1),
      },
      directions,
    );
    return { directions, audit, triple: decayed ? saying(triple, without(decayed)) : triple };
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
  let layers: ModelLayer[] = [];
  const kept = ops.scope(() => {
    const tape = new Tape(ops);
    const taps = new Map<string, LayerTap<Var<Tensor>>>();
    const weight = memoize((name) => tape.lift(ops.constant(parameters.get(name)!.values, parameters.get(name)!.shape)));
    let output = model.forward(tape, weight, inputs, (layer, tap) => taps.set(layer, tap));
    if (loss === 'ce') output = centred(tape, output);
    layers = model.layers.filter((layer) => layer.dense && taps.has(layer.name));
    const shape = tape.shape(output);
    const seed = ops.constant(random.normals(shape.reduce((a, b) => a * b, 1)), shape);
    const gradients = tape.gradient(output, seed, layers.map((layer) => taps.get(layer.name)!.pre));
    return layers.map((layer, i) => ({ input: taps.get(layer.name)!.input!.value, gradient: gradients[i]! }));
  });
  const read = await Promise.all(
    layers.map(async (layer, i): Promise<LayerTaps> => {
      const { input, gradient } = kept[i]!;
      const [rows, width] = input.shape as [number, number];
      const ones = layer.dense!.bias === null ? 0 : 1;
      const values = await ops.read(input);
      return { layer, rows, inputs: ones ? withOnes(values, rows, width) : values, width: width + ones, gradients: await ops.read(gradient) };
    }),
  );
  ops.dispose(...new Set(kept.flatMap(({ input, gradient }) => [input, gradient])));
  return read;
}

/** All exact symmetries at these weights. */
function spanOfSymmetries(map: ArcMap, model: Model, parameters: ReadonlyMap<string, Parameter>, loss: 'mse' | 'ce'): Span | null {
  const exact = model.symmetries().filter((s) => isExact(s, loss));
  function* generators() {
    for (const symmetry of exact) yield* generatorsOf(symmetry, parameters);
  }
  return spanOfMany(map, generators(), exact.reduce((sum, s) => sum + s.dimension, 0));
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
    const weight = { values: Float64Array.from(values), offset: 0, rowStride: rows, columnStride: 1 };
    multiply(weight, { values: product, offset: 0, rowStride: input.width, columnStride: 1 }, next, 0, layer.width, rows, input.width);
    product = next;
    rows = layer.width;
  }
  const { values } = eigenvaluesOfGram(gramOfRows(product, rows, input.width), { residuals: false });
  return { widths: [input.width, ...layers.map((layer) => layer.width)], rank: values.filter((x) => x > 1e-20 * values[0]!).length };
}

function without({ units, weights, norm, moved }: DecayedUnits): string {
  const which = units.length === 1 ? 'a nearly dead unit' : `${units.length} nearly dead units`;
  return `Read with ${weights} weights of ${which}, of norm ${norm.toPrecision(2)}, set to zero: this moves the outputs by ${moved.toPrecision(2)} of their variation, and orders hold for steps well above that norm.`;
}

function saying(triple: Triple, sentence: string): Triple {
  return triple.lambda === null ? { ...triple, reason: `${triple.reason} ${sentence}` } : { ...triple, assumption: `${triple.assumption} ${sentence}` };
}
