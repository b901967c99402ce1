/**
 * In which order the parts of a network are run over a probe, so that one part's weights are in memory at a time: forward over all parts,
 * where only the stream behind each is kept, then backward, where each part is run again from the stream before it (gradient
 * checkpointing: Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost). The last part goes forward and backward at once; a network
 * of one part is run once. A part whose Grams do not fit into memory together is visited several times, its weights staying, for some of its
 * layers each: the last part alone is not, for it draws labels.
 */
import type { Model, ModelLayer, Stage } from '../model/types';

/** A part of a network whose weights are in memory together, and the layers whose taps are taken in it, in lots. */
export interface Part {
  readonly name: string;
  readonly run: Stage['run'];
  readonly lots: readonly (readonly ModelLayer[])[];
}

/** A network that is run as a whole. */
export function wholePart(model: Pick<Model, 'forward'>, layers: readonly ModelLayer[]): Part {
  return { name: 'all', lots: [layers], run: (ops, weights, _, batch, sink) => model.forward(ops, weights, batch, sink) };
}

export interface Visit {
  readonly part: number;
  /**
   * stream: only the stream behind it is made. taps: activations too. gradients: activations and gradients, and the gradient at the stream
   * before it.
   */
  readonly what: 'stream' | 'taps' | 'gradients';
  /** Which of its lots; none for a stream. */
  readonly lot: number;
  /** Whether it is the last visit of its part in this direction: it hands on what comes next. */
  readonly last: boolean;
  /** Whether the stream before it is not asked for again. */
  readonly drops: boolean;
}

/** @param lots How many lots of layers every part has. */
export function visitsOf(lots: readonly number[], gradients: boolean): Visit[] {
  const first = lots.findIndex((n) => n > 0);
  const stream = (part: number, drops: boolean): Visit => ({ part, what: 'stream', lot: 0, last: true, drops });
  const tapped = (part: number, what: Visit['what']): Visit[] =>
    Array.from({ length: Math.max(1, lots[part]!) }, (_, lot, last = lot + 1 >= lots[part]!) => ({ part, what, lot, last, drops: last }));
  if (!gradients) {
    const until = lots.findLastIndex((n) => n > 0) + 1;
    return lots.slice(0, until).flatMap((n, part) => (n > 0 ? tapped(part, 'taps') : [stream(part, true)]));
  }
  const end = lots.length - 1;
  const forth = Array.from({ length: end }, (_, part) => stream(part, part < first));
  const back = Array.from({ length: end - first + 1 }, (_, i) => tapped(end - i, 'gradients'));
  return [...forth, ...back.flat()];
}
