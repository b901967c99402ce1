/** The dead-direction signatures of a trained cell, by the spectra of the product: what an analysis of the checkpoint would show. */
import { solveSpectrum } from '../../analysis/spectra';
import { gramOfRows } from '../../numerics/cpu/gram';
import { inlineSolver } from '../../numerics/solver';
import { defaultDigits } from '../../spectrum/floor';
import { times, transposed } from '../matrices';
import type { ReducedRankCell } from './cell';

const ROUNDOFF = 2 ** -53;

/** Of one layer; null where nothing stands above the floor. */
export interface Signature {
  /** Smallest singular value of X / sqrt(n), 0 where it is at the floor. */
  sigmaMin: number;
  /** Of the gradient Gram. */
  lambdaPlusMin: number | null;
  logDetPlus: number | null;
  activationRank: number | null;
  gradientRank: number | null;
}

export interface Observables {
  /** The bottleneck, and the output layer. */
  h1: Signature;
  h2: Signature;
}

export async function observablesOf(cell: ReducedRankCell, signal: AbortSignal): Promise<Observables> {
  const { inputs: M, hidden: H, outputs: N, samples: n, x, y, trained } = cell;
  const first = trained.subarray(0, H * M);
  const second = trained.slice(H * M);
  const hidden = times(x, transposed(first, H, M), n, M, H);
  const output = times(hidden, transposed(second, N, H), n, H, N);
  // d loss_i / d output, and pulled back through the second layer.
  const residual = output.map((value, i) => value - y[i]!);
  const pulled = times(residual, second, n, N, H);
  return { h1: await signature('h1', hidden, pulled, n, signal), h2: await signature('h2', output, residual, n, signal) };
}

async function signature(layer: string, activation: Float64Array, gradient: Float64Array, n: number, signal: AbortSignal): Promise<Signature> {
  const read = async (side: 'activation' | 'gradient', rows: Float64Array) => {
    const job = { tap: { layer, side }, total: gramOfRows(rows, n, rows.length / n), without: [], tapRoundoff: ROUNDOFF, digits: defaultDigits(ROUNDOFF, 1), threshold: 0 };
    const { readings, rank } = await solveSpectrum(job, inlineSolver, signal);
    return { rank, of: (name: string) => readings.find((r) => r.name === name)! };
  };
  const a = await read('activation', activation);
  const g = await read('gradient', gradient);
  const smallest = a.of('sigmaMin');
  return {
    sigmaMin: smallest.limitedBy === 'floor' ? 0 : smallest.value!,
    lambdaPlusMin: g.of('lambdaPlusMin').value,
    logDetPlus: g.of('logDetPlus').value,
    activationRank: a.rank,
    gradientRank: g.rank,
  };
}
