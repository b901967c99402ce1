/** Probes in chunks of samples that keep a pass short. */
import type { Model } from '../model/types';
import { sizeOf } from '../numerics/shape';
import type { Targets } from '../probe/types';

/** Floating-point operations and tap values per chunk: small enough that cancel and progress are prompt. */
const CHUNK_FLOPS = 8e9;
const CHUNK_VALUES = 2 ** 22;
/** The part by which they may be more. */
const SLACK = 1 / 16;

/** Samples begin … end - 1, of one block of the jackknife. */
export interface Chunk {
  begin: number;
  end: number;
  block: number;
}

export interface ChunkSettings {
  samples: number;
  positions: number;
  folds: number;
  /** How much longer a pass may be than on the CPU. */
  scale: number;
}

export function parameterCount(weights: ReadonlyMap<string, { readonly shape: readonly number[] }>): number {
  return Array.from(weights.values()).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Whole blocks of samples in chunks. The plan depends on the model and the probe alone, however much of them is in memory. */
export function planChunks(layers: Model['layers'], parameters: number, { samples, positions, folds, scale }: ChunkSettings): Chunk[] {
  // The windows of a convolution are values too, and its weights work once for each of them.
  const values = layers.reduce((n, l) => n + (l.width + (l.inputs ?? 0)) * (l.positions ?? positions), 0);
  const again = layers.reduce((n, l) => n + l.width * (l.inputs ?? 0) * ((l.positions ?? 1) - 1), 0);
  const flops = 6 * (parameters * positions + again);
  const most = Math.max(1, Math.floor(scale * Math.min(CHUNK_VALUES / values, Math.max(64 / positions, CHUNK_FLOPS / flops))));
  const blocks = Math.max(1, Math.min(folds, samples));
  const chunks: Chunk[] = [];
  for (let block = 0; block < blocks; block++) {
    const first = Math.floor((block * samples) / blocks);
    const last = Math.floor(((block + 1) * samples) / blocks);
    // Of one size, nearly: a short last one costs nearly as much as a long one. Over by a few rows is no reason for one more.
    const count = Math.ceil(((1 - SLACK) * (last - first)) / most);
    const size = Math.ceil((last - first) / count);
    for (let begin = first; begin < last; begin += size) chunks.push({ begin, end: Math.min(begin + size, last), block });
  }
  return chunks;
}

/** Targets of the rows begin … end - 1. */
export function sliceTargets(targets: Targets, [begin, end]: [number, number], outputs: number): Targets {
  return targets.kind === 'labels'
    ? { kind: 'labels', labels: targets.labels.slice(begin, end) }
    : { kind: 'values', values: targets.values.slice(begin * outputs, end * outputs) };
}
