/** Where the parameters of a model lie among the tensors of its checkpoint, and how they are arranged there. */
import type { Checkpoint } from '../checkpoint/types';
import { transpose } from '../numerics/transpose';
import type { Parameter } from './types';

type Values = Float32Array | Float64Array;

export interface Source {
  readonly tensor: string;
  readonly shape: readonly number[];
  /** Stored values -> values in this shape; absent: as they are stored. */
  arrange?(values: Values): Values;
}

export type Sources = ReadonlyMap<string, Source>;

/** All parameters, or those named. Every tensor is read once, also where it holds several of them. */
export async function readSources(checkpoint: Checkpoint, sources: Sources, names?: ReadonlySet<string>): Promise<Map<string, Parameter>> {
  const parameters = new Map<string, Parameter>();
  let last: { tensor: string | null; values: Values } = { tensor: null, values: new Float32Array() };
  for (const [name, { tensor, shape, arrange }] of sources) {
    if (names && !names.has(name)) continue;
    if (last.tensor !== tensor) last = { tensor, values: await checkpoint.tensors.get(tensor)!.values() };
    parameters.set(name, { values: arrange ? arrange(last.values) : last.values, shape });
  }
  return parameters;
}

export function shapesOf(sources: Sources): Map<string, readonly number[]> {
  return new Map(Array.from(sources, ([name, { shape }]) => [name, shape]));
}

/**
 * Some outputs of a stored matrix as [in, outputs].
 * @param stored shape of the tensor
 * @param outputAxis 0 for torch's Linear [out, in], 1 for Conv1D [in, out]
 * @param outputs indices along that axis; null = all
 */
export function matrixSource(tensor: string, stored: readonly number[], outputAxis: 0 | 1, outputs: ArrayLike<number> | null = null): Source {
  const [rows, columns] = stored as [number, number];
  const inputs = outputAxis === 0 ? columns : rows;
  const width = outputs?.length ?? (outputAxis === 0 ? rows : columns);
  if (!outputs) return { tensor, shape: [inputs, width], ...(outputAxis === 0 && { arrange: (values) => transpose(values, rows, columns) }) };
  return {
    tensor,
    shape: [inputs, width],
    arrange(values) {
      const result = emptyLike(values, inputs * width);
      for (let j = 0; j < width; j++) {
        const at = outputs[j]!;
        for (let i = 0; i < inputs; i++) result[i * width + j] = values[outputAxis === 0 ? at * columns + i : i * columns + at]!;
      }
      return result;
    },
  };
}

/** A stored convolution [out, in / groups, kh, kw], as torch and ONNX have it, as [kh * kw * in / groups, out] with the input channel fastest. */
export function convolutionSource(tensor: string, [outputs, inputs, height, width]: readonly [number, number, number, number]): Source {
  const places = height * width;
  return {
    tensor,
    shape: [places * inputs, outputs],
    arrange(values) {
      const result = emptyLike(values, values.length);
      let at = 0;
      for (let place = 0; place < places; place++)
        for (let c = 0; c < inputs; c++) for (let k = 0; k < outputs; k++) result[at++] = values[(k * inputs + c) * places + place]!;
      return result;
    },
  };
}

/** Some entries of a stored vector. */
export function vectorSource(tensor: string, entries: ArrayLike<number>): Source {
  return {
    tensor,
    shape: [entries.length],
    arrange(values) {
      const result = emptyLike(values, entries.length);
      for (let j = 0; j < entries.length; j++) result[j] = values[entries[j]!]!;
      return result;
    },
  };
}

export function emptyLike(values: Values, length: number): Values {
  return values instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
}
