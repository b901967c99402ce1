/** A network that exists in memory only, as a checkpoint: what recognises files recognises it too. */
import { heldCheckpoint } from '../checkpoint/held';
import type { Checkpoint } from '../checkpoint/types';
import type { Parameter } from '../model/types';

export function memoryCheckpoint(name: string, parameters: ReadonlyMap<string, Parameter>): Checkpoint {
  return heldCheckpoint({
    format: 'safetensors',
    name,
    files: [],
    tensors: Array.from(parameters, ([tensor, { values, shape }]) => ({ name: tensor, dtype: values instanceof Float32Array ? 'f32' : 'f64', shape, file: name, values })),
    metadata: new Map(),
    warnings: [],
    shared: [],
    fingerprint: name,
  });
}
