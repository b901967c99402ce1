/** What an analysis takes, in operations and in seconds, before it is run. */
import type { Rates } from '../numerics/rates';
import { sizeOf } from '../numerics/shape';
import { rowsOf } from '../probe/types';
import type { Prepared } from './inspect';
import { backwardPasses } from './run-settings';
import { matrixShape, MAX_DIMENSION } from './subject';
import { overRows, rowsKept } from './tap-rows';

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
  /** Values of the largest parameter, and its name; absent where it is not known. */
  readonly largest?: { readonly name: string; readonly values: number };
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
  const positions = new Map(layers.map((l) => [l.name, l.positions ?? 1]));
  const kept = (all: number, width: number) => ({ rows: rowsKept(all, width) ?? all, d: width });
  const { grams, solves, factors } = spectra(selected.map(({ name, width }) => kept(rows * positions.get(name)!, width)));
  return {
    passes: rows * dense * (1 + 2 * backward),
    grams: grams * (1 + backward),
    solves: 2 * solves * (1 + (request.folds ?? 0)),
    factors: 2 * factors,
    ...largestOf(subject.model.staged?.shapes),
  };
}

function largestOf(shapes: ReadonlyMap<string, readonly number[]> | undefined): Pick<Work, 'largest'> {
  const sizes = Array.from(shapes ?? [], ([name, shape]) => ({ name, values: sizeOf(shape) }));
  return sizes.length === 0 ? {} : { largest: sizes.reduce((a, b) => (b.values > a.values ? b : a)) };
}

/** @param workers how many Grams and how many decompositions are made at a time. */
export function secondsOf({ passes, grams, solves, factors }: Work, rates: Rates, workers = { grams: 1, solves: 1 }): number {
  return passes / rates.matmul + grams / (rates.gram * workers.grams) + (solves * SOLVE) / workers.solves + factors * ESTIMATE;
}

/** One Gram and one decomposition each, of the rows where they are few or the tap is wide (tap-rows.ts); neither where both are many. */
function spectra(taps: readonly { rows: number; d: number }[]): Pick<Work, 'grams' | 'solves' | 'factors'> {
  const work = { grams: 0, solves: 0, factors: 0 };
  for (const { rows, d } of taps) {
    const [length, width] = overRows(rows, d) ? [d, rows] : [rows, d];
    if (width > MAX_DIMENSION) work.factors += rows * d;
    else {
      work.grams += length * width ** 2;
      work.solves += width ** 3;
    }
  }
  return work;
}
