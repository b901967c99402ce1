/**
 * How much memory the analysis of a network takes at most, beyond what the program itself holds, before it is run; and from that, whether it
 * runs as a whole or part by part. In bytes, of the float64 backend on the CPU; b = 4 or 8 bytes of a stored value as it is read.
 *
 * While a part is visited (visits.ts) there are
 *   its weights as they are stored                                  b P
 *   the weights of the next part as they are read ahead             b P' + b max P', and at most eight slices of 64 MiB on their way
 *     (model/sources.ts; the largest tensor as stored and as arranged)
 *   one chunk of samples on its tape                                8 (forward + backward), counted by a run over shapes (model/stages.ts)
 *   the streams between parts, and the gradients at two of them     8 (streams + 2 passes * stream)
 *   the Grams of its selected layers, hi + lo, for each side        16 d² (2 blocks + 1) with a jackknife, else 16 d² * 3, and one solve 48 d²;
 *     d is the width, or the number of rows where those are kept     and 24 rows * width more (tap-rows.ts)
 * and arrays that were given back are kept for the next ones, as many again, but 128 MiB at most (numerics/cpu/storage.ts), and up to 128 MiB of what was
 * read and is not held any more wait for the garbage collector. Layers of one part are taken in lots, so that their Grams fit. So the peak is a function
 * of the largest part; as a whole, all weights are one part.
 */
import { SLICE } from '../checkpoint/stored-tensor';
import { AT_A_TIME } from '../model/sources';
import type { StageSize } from '../model/stages';
import { stageSizes } from '../model/stages';
import { sizeOf } from '../numerics/shape';
import { rowsOf, sliceInputs, type Probe } from '../probe/types';
import { planChunks } from './chunks';
import type { Layer, MemoryRoute } from './report';
import type { Request } from './request';
import { backwardPasses } from './run-settings';
import { MAX_DIMENSION, type Subject } from './subject';
import { rowsKept } from './tap-rows';
import { visitsOf } from './visits';

/** The part of a machine's memory that an analysis may take, where nobody says otherwise. */
export const MEMORY_PART = 1 / 2;
/** What arrays given back hold at most. */
const KEPT = 2 ** 27;
/** What the collector of V8 lets pile up outside its heap before it looks. */
const UNCOLLECTED = 2 ** 27;
const WORD = 8;

export interface MemoryNeeds {
  /** The whole network at once. */
  readonly whole: number;
  /** By visit of a part, or null where the network cannot be run so. */
  readonly visits: readonly VisitNeeds[] | null;
}

interface VisitNeeds {
  readonly part: number;
  /** All but the Grams. */
  readonly passes: number;
  readonly layers: readonly LayerNeeds[];
  /** Whether its layers may be taken in several lots. */
  readonly divides: boolean;
}

interface LayerNeeds {
  readonly name: string;
  readonly grams: number;
  readonly solve: number;
}

/** A route, and where it goes part by part the layers of each part in the lots that they are taken in. */
export interface MemoryPlan {
  readonly memory: MemoryRoute;
  readonly lots: ReadonlyMap<number, readonly (readonly string[])[]>;
}

interface PartSize {
  readonly parameters: number;
  /** Of its largest parameter. */
  readonly largest: number;
  /** Of one sample. */
  readonly stream: number;
  readonly tape: number;
  readonly layers: readonly Layer[];
}

type Sized = { subject: Subject; selected: readonly Layer[]; probe: Probe | null; request: Request; checkpoint: { tensors: readonly { dtype: string }[] } };

/** Null where there is no network to run, or its parts cannot be told. */
export function memoryNeeds({ subject, selected, probe, request, checkpoint }: Sized): MemoryNeeds | null {
  if (subject.kind !== 'model' || !subject.model.staged || !probe) return null;
  const { model } = subject;
  const staged = subject.model.staged;
  const { samples } = probe.inputs;
  const positions = probe.inputs.kind === 'tokens' ? probe.inputs.positions : 1;
  const sizes = stageSizes(staged, sliceInputs(probe.inputs, 0, 1));
  const parts = sizes.map((size) => partSize(size, staged.shapes, selected));
  const all = [...staged.shapes.values()].map(sizeOf);
  const parameters = all.reduce((a, b) => a + b, 0);
  const folds = request.folds ?? 0;
  const chunks = planChunks(model.layers, parameters, { samples, positions, folds, scale: 1 });
  const chunk = Math.max(...chunks.map(({ begin, end }) => end - begin));
  const stored = checkpoint.tensors.some(({ dtype }) => dtype === 'f64') ? 8 : 4;
  const passes = request.fisher === 'exact' ? backwardPasses(model, probe, 'exact') : 1;
  const needsOf = (layers: readonly Layer[]) => layers.map((layer) => layerNeeds(layer, rowsOf(probe.inputs), samples, Math.max(1, folds), passes, request));

  const uncollected = Math.min(UNCOLLECTED, 2 * stored * parameters);
  const tapeOfAll = WORD * chunk * parts.reduce((sum, { tape }) => sum + tape, 0);
  const reading = (values: number, largest: number) => stored * (values + largest) + Math.min(stored * values, AT_A_TIME * SLICE);
  // Directions are read from weights that are arranged, beside their copies in float64.
  const ofAll = reading(parameters, Math.max(...all)) + (request.directions ? WORD * parameters : 0);
  const whole = withKept(tapeOfAll) + ofAll + uncollected + together(needsOf(selected));
  const visits = visitsOf(parts.map(({ layers }) => Math.min(1, layers.length)), request.gradients);
  const streams = request.gradients ? parts.slice(visits.at(-1)!.part).reduce((sum, { stream }) => sum + stream, 0) : 2 * Math.max(...parts.map((p) => p.stream));
  const at = visits.map(({ part, what }, i): VisitNeeds => {
    const { parameters: own, tape, stream, layers } = parts[part]!;
    const next = visits[i + 1] && parts[visits[i + 1]!.part]!;
    const ahead = stored * own + (next ? reading(next.parameters, next.largest) : 0);
    const live = WORD * (chunk * tape + samples * (streams + (what === 'gradients' ? 2 * passes * stream : 0)));
    return { part, passes: withKept(live) + ahead + uncollected, layers: what === 'stream' ? [] : needsOf(layers), divides: part < parts.length - 1 };
  });
  return { whole, visits: at };
}

/** The whole network where that fits, else part by part where that can be. */
export function planMemory({ whole, visits }: MemoryNeeds, bound: number | null): MemoryPlan {
  const lots = new Map((visits ?? []).filter(({ layers }) => layers.length > 0).map((visit) => [visit.part, lotsOf(visit, bound ?? Infinity)]));
  const streamed = Math.max(...(visits ?? []).map(({ part, passes }) => passes + Math.max(0, ...(lots.get(part) ?? []).map(together))));
  if (bound === null || whole <= bound || !visits || streamed >= whole) {
    const limit = bound !== null && whole > bound ? `, more than the ${gigabytes(bound)} that it may take; in parts it would take as much` : '';
    return { memory: { route: 'whole', needs: whole, bound, reason: `The whole network is in memory at once: about ${gigabytes(whole)}${limit}.` }, lots: new Map() };
  }
  const over = streamed > bound ? ' Even that is more than it may take: select fewer layers, or a probe with fewer samples.' : '';
  const reason = `As a whole it would take about ${gigabytes(whole)}, and may take ${gigabytes(bound)}: it is read and run part by part, in about ${gigabytes(streamed)}.${over}`;
  const named = new Map(Array.from(lots, ([part, some]) => [part, some.map((lot) => lot.map(({ name }) => name))] as const));
  return { memory: { route: 'streamed', needs: streamed, bound, reason }, lots: named };
}

/** As many layers at a time as there is room for, in their order; one at least. */
function lotsOf({ passes, layers, divides }: VisitNeeds, bound: number): LayerNeeds[][] {
  if (!divides) return [[...layers]];
  const lots: LayerNeeds[][] = [];
  for (const layer of layers) {
    const lot = lots.at(-1);
    if (lot && passes + together([...lot, layer]) <= bound) lot.push(layer);
    else lots.push([layer]);
  }
  return lots;
}

/** All Grams of some layers, and the largest solve. */
function together(layers: readonly LayerNeeds[]): number {
  return layers.reduce((sum, { grams }) => sum + grams, 0) + Math.max(0, ...layers.map(({ solve }) => solve));
}

/** What was asked for, else the documented part of what the machine has (null: unknown). */
export function boundOf({ memory }: Request, machine: number | null): number | null {
  return memory !== null ? memory * 1e9 : machine === null ? null : MEMORY_PART * machine;
}

export function gigabytes(bytes: number): string {
  return bytes < 0.95e9 ? `${Math.max(1, Math.round(bytes / 1e6))} MB` : `${(bytes / 1e9).toPrecision(bytes < 9.95e9 ? 2 : 3)} GB`;
}

function partSize(size: StageSize, shapes: ReadonlyMap<string, readonly number[]>, selected: readonly Layer[]): PartSize {
  const parameters = Array.from(size.parameters, (name) => sizeOf(shapes.get(name)!));
  return {
    parameters: parameters.reduce((a, b) => a + b, 0),
    largest: Math.max(0, ...parameters),
    stream: size.stream,
    tape: size.forward + size.backward,
    layers: selected.filter(({ name }) => size.layers.has(name)),
  };
}

function withKept(live: number): number {
  return live + Math.min(live, KEPT);
}

function layerNeeds({ name, width }: Layer, rows: number, samples: number, blocks: number, passes: number, { gradients, parameter }: Request): LayerNeeds {
  const pairs = blocks > 1 ? 2 * blocks + 1 : 3;
  const sides = (gradients ? [1, passes] : [1]).map((times) => {
    const kept = rowsKept(rows * times, width);
    const d = Math.min(kept ?? width, MAX_DIMENSION);
    return { grams: 16 * d ** 2 * pairs + 3 * WORD * (kept ?? 0) * width, solve: 6 * WORD * d ** 2 };
  });
  const ofParameters = parameter ? 4 * WORD * rows * width + 16 * samples ** 2 : 0;
  return { name, grams: sides.reduce((sum, side) => sum + side.grams, 0) + ofParameters, solve: Math.max(...sides.map(({ solve }) => solve)) };
}
