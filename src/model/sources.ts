/** Where the parameters of a model lie among the tensors of its checkpoint, and how they are arranged there. */
import type { Checkpoint } from '../checkpoint/types';
import type { Stored } from '../numerics/ops';
import { transpose } from '../numerics/transpose';
import type { Parameter } from './types';

type Values = Float32Array | Float64Array;

/** Tensors that are read at a time: a disk works while this thread computes, and has to be asked before. */
export const AT_A_TIME = 8;

export interface Source {
  readonly tensor: string;
  readonly shape: readonly number[];
  /** Stored values -> values in this shape; absent: as they are stored. */
  arrange?(values: Values): Values;
  /** All that `arrange` does is to transpose. */
  readonly transposed?: boolean;
}

export type Sources = ReadonlyMap<string, Source>;

/** All parameters, or those named. Every tensor is read once, also where it holds several of them. */
export function readSources(checkpoint: Checkpoint, sources: Sources, names?: ReadonlySet<string>): Promise<Map<string, Parameter>> {
  return readEach(checkpoint, sources, names, ({ shape, arrange }, values) => ({ values: arrange ? arrange(values) : values, shape }));
}

/** The same, with matrices that are only transposed left as the file has them. */
export function readStored(checkpoint: Checkpoint, sources: Sources, names?: ReadonlySet<string>): Promise<Map<string, Stored>> {
  return readEach(checkpoint, sources, names, ({ shape, arrange, transposed }, values) =>
    transposed ? { values, shape, transposed } : { values: arrange ? arrange(values) : values, shape },
  );
}

async function readEach<P>(checkpoint: Checkpoint, sources: Sources, names: ReadonlySet<string> | undefined, made: (source: Source, values: Values) => P): Promise<Map<string, P>> {
  const runs: { tensor: string; parameters: [string, Source][] }[] = [];
  for (const [name, source] of sources) {
    if (names && !names.has(name)) continue;
    const last = runs.at(-1);
    if (last?.tensor === source.tensor) last.parameters.push([name, source]);
    else runs.push({ tensor: source.tensor, parameters: [[name, source]] });
  }
  const coming: Promise<Values>[] = [];
  const parameters = new Map<string, P>();
  for (const [i, run] of runs.entries()) {
    while (coming.length < Math.min(i + AT_A_TIME, runs.length)) {
      const read = checkpoint.tensors.get(runs[coming.length]!.tensor)!.values();
      // It is awaited in its turn, perhaps after one before it failed.
      read.catch(() => {});
      coming.push(read);
    }
    const values = await coming[i]!;
    delete coming[i];
    for (const [name, source] of run.parameters) parameters.set(name, made(source, values));
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
  if (!outputs) return { tensor, shape: [inputs, width], ...(outputAxis === 0 && { arrange: (values) => transpose(values, rows, columns), transposed: true }) };
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
