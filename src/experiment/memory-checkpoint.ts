/** A network that exists in memory only, as a checkpoint: what recognises files recognises it too. */
import type { Checkpoint, TensorEntry } from '../checkpoint/types';
import type { Parameter } from '../model/types';

export function memoryCheckpoint(name: string, parameters: ReadonlyMap<string, Parameter>): Checkpoint {
  const entry = (tensor: string, { values, shape }: Parameter): TensorEntry => ({
    name: tensor,
    dtype: values instanceof Float32Array ? 'f32' : 'f64',
    shape,
    file: name,
    bytes: async () => new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    values: async () => values,
  });
  return {
    format: 'safetensors',
    name,
    files: [],
    tensors: new Map([...parameters].map(([tensor, parameter]) => [tensor, entry(tensor, parameter)])),
    metadata: new Map(),
    warnings: [],
    shared: [],
    fingerprint: name,
  };
}
