/** Checkpoints made in memory, for tests of what stands above the file formats. */
import type { Checkpoint, DType, TensorEntry } from '../src/checkpoint/types';

export interface Stub {
  shape: number[];
  values?: ArrayLike<number>;
  dtype?: DType;
}

/** Tensors by name; values default to 1, 2, 3, … scaled to stay small. */
export function stubCheckpoint(tensors: Record<string, Stub>, metadata: Record<string, string> = {}): Checkpoint {
  const entries = Object.entries(tensors).map(([name, { shape, values, dtype = 'f32' }]): [string, TensorEntry] => {
    const size = shape.reduce((a, b) => a * b, 1);
    const data = Float64Array.from({ length: size }, (_, i) => values?.[i] ?? ((i * 7919) % 101) / 101 - 0.4);
    return [name, { name, dtype, shape, file: 'stub', bytes: async () => new Uint8Array(data.buffer), values: async () => data }];
  });
  return {
    format: 'safetensors',
    name: 'stub',
    files: [{ name: 'stub', size: 1 }],
    tensors: new Map(entries),
    metadata: new Map(Object.entries(metadata)),
    warnings: [],
    shared: [],
    fingerprint: '0'.repeat(64),
  };
}
