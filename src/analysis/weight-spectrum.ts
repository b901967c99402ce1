/** The spectrum of a weight whose Gram is large beside it: solved in place, in the memory of one square, to the same bits as any other. */
import { InputError } from '../base/errors';
import type { ReadPiece, TensorEntry } from '../checkpoint/types';
import { eigenvaluesOfStored, type StoredOptions } from '../numerics/stored-eigenvalues';
import { notFinite } from './not-finite';
import type { Spectrum } from './report';
import { solvedSpectrum, type SolvedJob } from './spectra';
import { matrixShape, MAX_DIMENSION } from './subject';

/** Smaller Grams take less than their tensors, and are quicker to make and to solve as squares. */
const LEAST = 256;

/** Whether a weight of this shape is solved in place. The shape alone decides, though the results do not depend on it. */
export function inPlace(rows: number, columns: number): boolean {
  const side = Math.min(rows, columns);
  return side > LEAST && side <= MAX_DIMENSION;
}

interface WeightMeans extends Pick<StoredOptions, 'time' | 'signal'> {
  /** `part` of the work is done. */
  progress(phase: 'gram' | 'eigen', part: number): void;
}

/** Throws InputError where it holds what is not finite or cannot be read; AbortError. */
export async function solveWeight(
  terms: Omit<SolvedJob, 'dimension' | 'rows' | 'side'>,
  tensor: TensorEntry,
  { progress, time, signal }: WeightMeans,
): Promise<Spectrum> {
  const [rows, columns] = matrixShape(tensor.shape);
  const pieces = tensor.pieces?.() ?? null;
  const whole = pieces ? null : await tensor.values();
  const read = pieces ?? piecesOf(whole!);
  const single = whole ? whole instanceof Float32Array : tensor.dtype !== 'f64';
  const checked: ReadPiece = async (begin, end, out) => {
    await read(begin, end, out);
    if (!out.every(Number.isFinite)) throw new InputError('not-finite', (await wordsFor(tensor)) ?? `'${tensor.name}' changed while it was read.`, { tensor: tensor.name });
  };
  const { result, hash } = await eigenvaluesOfStored({ rows, columns, single, read: checked }, { tell: progress, time, signal });
  const side = Math.min(rows, columns);
  return solvedSpectrum({ ...terms, dimension: side, rows: 1, side }, result, [], hash);
}

function piecesOf(values: Float32Array | Float64Array): ReadPiece {
  return async (begin, end, out) => out.set(values.subarray(begin, end));
}

/** What is not finite, in words. */
async function wordsFor(tensor: TensorEntry): Promise<string | null> {
  return notFinite(new Map([[tensor.name, { values: await tensor.values(), shape: tensor.shape }]]));
}
