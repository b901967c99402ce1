/** What an analysis takes, in operations and in seconds, before it is run. */
import type { Rates } from '../numerics/rates';
import { rowsOf } from '../probe/types';
import type { Prepared } from './inspect';
import { rowsKept } from './layer-sums';
import { backwardPasses } from './model-taps';
import { matrixShape, MAX_DIMENSION } from './subject';

/** Multiply-adds, by who does them. */
export interface Work {
  /** Forward and backward passes; none where weights or recorded taps are read as they are. */
  readonly passes: number;
  /** Grams: the sum of rows * d^2. */
  readonly grams: number;
  /** Decompositions: the sum of d^3. */
  readonly solves: number;
  /** Values of the factors of which no Gram is made: their heads are found and the rest is estimated (large-spectrum.ts). */
  readonly factors: number;
}

/** One laptop-class core with the WebAssembly loops, shared with others, where nothing was measured. */
export const TYPICAL_CPU: Rates = { matmul: 1 / 3e-10, gram: 1 / 8e-10 };
/** Seconds of a decomposition per d^3: the same for every backend, for all are solved on the CPU. */
const SOLVE = 2e-9;
/** Seconds of a head and an estimate per value of the factor, one after the other. */
const ESTIMATE = 1.5e-6;

/** Work that runs without being asked for, in seconds of one core. */
export const AT_ONCE = 15;

export function workOf({ subject, selected, probe, request }: Prepared): Work {
  if (subject.kind === 'tensors') {
    const shapes = subject.tensors.map((t) => matrixShape(t.shape)).map(([a, b]) => ({ rows: Math.max(a, b), d: Math.min(a, b) }));
    return { passes: 0, ...spectra(shapes) };
  }
  if (subject.kind === 'bundle') {
    return { passes: 0, ...spectra(subject.taps.map(({ tensor }) => ({ rows: tensor.shape[0]!, d: tensor.shape[1]! }))) };
  }
  const rows = rowsOf(probe!.inputs);
  const backward = request.fisher === 'exact' ? backwardPasses(subject.model, probe!, 'exact') : 1;
  const { layers } = subject.model;
  const dense = layers.reduce((sum, l, i) => sum + l.width * (l.inputs ?? layers[i - 1]?.width ?? l.width) * (l.positions ?? 1), 0);
  const kept = (all: number, width: number) => (width > MAX_DIMENSION ? Math.min(all, rowsKept(width)) : all);
  const positions = new Map(layers.map((l) => [l.name, l.positions ?? 1]));
  const { grams, solves, factors } = spectra(selected.map(({ name, width }) => ({ rows: kept(rows * positions.get(name)!, width), d: width })));
  return {
    passes: rows * dense * (1 + 2 * backward),
    grams: grams * (1 + backward),
    solves: 2 * solves * (1 + (request.folds ?? 0)),
    factors: 2 * factors,
  };
}

/** @param workers how many Grams and how many decompositions are made at a time. */
export function secondsOf({ passes, grams, solves, factors }: Work, rates: Rates, workers = { grams: 1, solves: 1 }): number {
  return passes / rates.matmul + grams / (rates.gram * workers.grams) + (solves * SOLVE) / workers.solves + factors * ESTIMATE;
}

/** One Gram and one decomposition each, of the rows where a tap is wide; neither where both are many. */
function spectra(taps: readonly { rows: number; d: number }[]): Pick<Work, 'grams' | 'solves' | 'factors'> {
  const work = { grams: 0, solves: 0, factors: 0 };
  for (const { rows, d } of taps) {
    const [length, width] = d > MAX_DIMENSION ? [d, rows] : [rows, d];
    if (width > MAX_DIMENSION) work.factors += rows * d;
    else {
      work.grams += length * width ** 2;
      work.solves += width ** 3;
    }
  }
  return work;
}
