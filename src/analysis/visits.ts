/**
 * In which order the parts of a network are run over a probe, so that one part's weights are in memory at a time: forward over all parts,
 * where only the stream behind each is kept, then backward, where each part is run again from the stream before it (gradient
 * checkpointing: Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost). The last part goes forward and backward at once; a network
 * of one part is run once.
 */
import type { Model, ModelLayer, Stage } from '../model/types';

/** A part of a network whose weights are in memory together, and the layers whose taps are taken in it. */
export interface Part {
  readonly name: string;
  readonly run: Stage['run'];
  readonly layers: readonly ModelLayer[];
}

/** A network that is run as a whole. */
export function wholePart(model: Pick<Model, 'forward'>, layers: readonly ModelLayer[]): Part {
  return { name: 'all', layers, run: (ops, weights, _, batch, sink) => model.forward(ops, weights, batch, sink) };
}

export interface Visit {
  readonly part: number;
  /**
   * stream: only the stream behind it is made. taps: activations too. gradients: activations and gradients, and the gradient at the stream
   * before it.
   */
  readonly what: 'stream' | 'taps' | 'gradients';
  /** Whether the stream before it is not asked for again. */
  readonly drops: boolean;
}

export function visitsOf(parts: readonly { readonly layers: readonly unknown[] }[], gradients: boolean): Visit[] {
  const first = parts.findIndex(({ layers }) => layers.length > 0);
  if (!gradients) {
    const last = parts.findLastIndex(({ layers }) => layers.length > 0);
    return parts.slice(0, last + 1).map(({ layers }, part) => ({ part, what: layers.length > 0 ? 'taps' : 'stream', drops: true }));
  }
  const last = parts.length - 1;
  const forth = Array.from({ length: last }, (_, part): Visit => ({ part, what: 'stream', drops: part < first }));
  const back = Array.from({ length: last - first + 1 }, (_, i): Visit => ({ part: last - i, what: 'gradients', drops: true }));
  return [...forth, ...back];
}
