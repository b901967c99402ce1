/** Candidates -> directions with a verdict and its evidence: all of them at one checkpoint share what `ArcReader` holds. */
import { InputError } from '../base/errors';
import type { TensorOps } from '../numerics/ops';
import { ArcMap } from './arc-map';
import { type ArcOptions, ArcReader, type ArcReading, type Doubt } from './arc-order';
import type { OutputMap } from './output-map';
import { readRate, type RateOptions } from './rate';
import { type Span, spanOf } from './span';
import type { Candidate, Direction, Verdict } from './types';

export interface ReadOptions extends ArcOptions {
  /** Also the rate along the straight line. */
  sweep?: RateOptions | null;
  /**
   * The span of all symmetry generators that are known at this point (span.ts), those of the candidates among them: a flat direction in
   * it is a gauge, whoever proposed it. Without it a candidate has its own generators only.
   */
  symmetries?: Span | null;
  /** As many samples as will be followed, where there is such a limit: only said, in the sentences about probes that are too small. */
  mostSamples?: number;
  signal?: AbortSignal;
}

/** Part of the outputs that live directions may reach for a reading to count at all. */
const REACHED = 0.9;

/** One direction for every candidate, in order. Weights or outputs that are not finite make all of them unresolved. */
export async function readDirections(ops: TensorOps, map: OutputMap, candidates: readonly Candidate[], options: ReadOptions = {}): Promise<Direction[]> {
  let reader: ArcReader;
  try {
    reader = await ArcReader.open(await ArcMap.open(ops, map), options);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return candidates.map((candidate) => unresolved(candidate, error.message));
  }
  const directions: Direction[] = [];
  try {
    for (const candidate of candidates) {
      options.signal?.throwIfAborted();
      directions.push(await readCandidate(reader, candidate, options));
    }
  } finally {
    reader.dispose();
  }
  return directions;
}

export async function readCandidate(reader: ArcReader, candidate: Candidate, { sweep = null, symmetries = null, mostSamples = Infinity }: ReadOptions = {}): Promise<Direction> {
  const { map } = reader;
  let u: Float64Array;
  let generators: Float64Array[];
  try {
    u = map.flat(candidate.vector);
    generators = (candidate.generators ?? []).map((g) => map.flat(g));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return unresolved(candidate, error.message);
  }
  const reading = await reader.read(u, { fromProbe: candidate.fromProbe });
  const span = symmetries ?? spanOf(generators);
  // A generator lies in the span by itself, whatever else is in it.
  const within = reading.still && span ? (await span.contains(reading.arc[1]!)) ?? (await spanOf(generators)?.contains(reading.arc[1]!) ? true : null) : false;
  const explained = within === true;
  const doubt = explained && vouched(reader, reading.doubt) ? null : reading.doubt;
  const verdict: Verdict =
    doubt !== null ? 'unresolved' : reading.order === 1 ? 'regular' : reading.order !== null ? 'singular' : explained ? 'gauge' : 'flat fibre';
  return {
    detector: candidate.detector,
    layer: candidate.layer,
    note: candidate.note ?? null,
    lineOrder: reading.lineOrder,
    order: reading.order,
    verdict,
    coefficient: verdict === 'unresolved' ? null : reading.order === null ? 0 : 1 / (2 * reading.order),
    magnitude: reading.order === null ? null : reading.obstructions[reading.order - 1]!.lifted,
    evidence: doubt === null ? evidenceOf(reading, verdict, reader.tolerances.maxOrder, within === null) : doubtSentence(doubt, reading, reader, mostSamples),
    obstructions: reading.obstructions,
    sweep: sweep && reading.doubt !== 'no-direction' ? await readRate(map, u, sweep) : null,
  };
}

/**
 * A known symmetry stands for what the arithmetic or the probe cannot show: the orders above the last, the samples not seen. Not so
 * where J reaches (nearly) every output, for then the reading could not have spoken against it.
 */
function vouched({ tangent, map }: ArcReader, doubt: Doubt | null): boolean {
  if (doubt === 'order-limit') return true;
  return doubt === 'probe-too-small' && map.map.samples !== 1 && tangent.rank !== null && tangent.rank <= REACHED * map.rows;
}

const size = (x: number) => (x === 0 ? '0' : x.toPrecision(2));

function evidenceOf({ obstructions, order, lineOrder, lift }: ArcReading, verdict: Verdict, maxOrder: number, undecided: boolean): string {
  const lifted = obstructions.map((o) => o.lifted ?? 0);
  if (verdict === 'regular') return `The outputs move at first order, by ${size(lifted[0]!)} of what a generic direction moves them.`;
  const bent = lineOrder !== order ? ` (the straight line shows ${lineOrder === null ? 'nothing' : `order ${lineOrder}`})` : '';
  if (order !== null) {
    const below = Math.max(0, ...lifted.slice(0, order - 1));
    return `At order ${order} the outputs move by ${size(lifted[order - 1]!)} of a generic coefficient, and no change of the arc takes that back; at lower orders at most ${size(below)} is left${bent}.`;
  }
  const how = lift === 'line' ? 'along the straight line' : lift === 'newton' ? 'along an arc found by Newton' : 'along a lifted arc';
  const why = verdict === 'gauge' ? 'the direction lies in the span of the known symmetries' : undecided ? 'the known symmetries are too many to say whether one of them explains it' : 'no known symmetry explains it';
  const rest = Math.max(0, ...lifted);
  return `Up to order ${maxOrder} the outputs stay still ${how}${rest > 0 ? ` (at most ${size(rest)} is left)` : ''}${bent}, and ${why}.`;
}

function doubtSentence(doubt: Doubt, reading: ArcReading, { tangent, map, tolerances }: ArcReader, mostSamples: number): string {
  const last = reading.obstructions.filter((o) => o.lifted !== null).at(-1);
  switch (doubt) {
    case 'no-direction':
      return 'The direction is zero or not finite: there is nothing to follow.';
    case 'nothing-moves':
      return `No direction of weight space moves the outputs on this probe up to order ${tolerances.maxOrder}: there is no scale to tell a dead direction by.`;
    case 'between':
      return `At order ${last!.order} ${size(last!.lifted!)} of a generic coefficient is left: too much for rounding (${size(tolerances.zero)}) and too little to be certain of (${size(tolerances.present)}).`;
    case 'probe-too-small':
      if (map.map.samples === 1) return `The probe is one sample: what looks dead on it may be alive on others. ${enoughSamples(map, mostSamples)}`;
      if (tangent.rank === map.rows) {
        return `The ${tangent.rank} live directions reach every output of the probe, so that nothing could show as an obstruction. ${enoughSamples(map, mostSamples)}`;
      }
      return tangent.rank === null
        ? `What weights do to the second half of the probe does not follow from what they do to the first: more samples may show more, so what looks dead may be alive. ${enoughSamples(map, mostSamples)}`
        : `The probe shows ${tangent.rank} live directions (${map.rows} outputs) and its first half only ${tangent.halfRank}: more samples may show more, so what looks dead may be alive. ${enoughSamples(map, mostSamples)}`;
    case 'amplified':
      return `The arc that keeps the outputs still bends so much (by ${size(reading.amplification)} per step) that rounding hides orders up to ${tolerances.maxOrder}.`;
    case 'order-limit':
      return `Nothing shows at order ${tolerances.maxOrder}, the last one that this arithmetic resolves: higher orders and flatness look the same. Use the float64 backend.`;
    case 'gate-closed':
      return 'The outputs stay still only because a relu unit on the way is off for every sample of the probe: other inputs may switch it on.';
  }
}

/** Half of the probe has to have an output for every weight, at the least; on inputs that repeat themselves more are needed. */
function enoughSamples({ map: { samples }, rows, dimension }: ArcMap, most: number): string {
  const enough = Math.max(2 * samples!, Math.ceil((2 * dimension) / (rows / samples!)));
  return enough <= most ? `About ${enough} samples would do.` : `About ${enough} samples would do, and at most ${most} are followed.`;
}

function unresolved({ detector, layer, note }: Candidate, evidence: string): Direction {
  const nothing = { lineOrder: null, order: null, coefficient: null, magnitude: null, obstructions: [], sweep: null };
  return { detector, layer, note: note ?? null, verdict: 'unresolved', evidence, ...nothing };
}
