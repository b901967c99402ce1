/** The part of a checkpoint that somebody has read, as plain data: in another thread it is read again, with the same answers. */
import type { Checkpoint, TensorEntry } from './types';

export interface HeldTensor extends Pick<TensorEntry, 'name' | 'dtype' | 'shape' | 'file'> {
  /** Null where nobody read them. */
  readonly values: Float32Array | Float64Array | null;
}

export interface HeldCheckpoint extends Omit<Checkpoint, 'tensors'> {
  readonly tensors: readonly HeldTensor[];
}

/** `checkpoint` behind a reader that remembers: `held` gives all that was read through it so far. */
export function remembering(checkpoint: Checkpoint): { checkpoint: Checkpoint; held(): HeldCheckpoint } {
  const read = new Map<string, Float32Array | Float64Array>();
  const behind = (tensor: TensorEntry): TensorEntry => ({
    ...tensor,
    bytes: () => tensor.bytes(),
    async values() {
      const values = read.get(tensor.name) ?? (await tensor.values());
      read.set(tensor.name, values);
      return values;
    },
  });
  const tensors = new Map([...checkpoint.tensors].map(([name, tensor]) => [name, behind(tensor)]));
  return {
    checkpoint: { ...checkpoint, tensors },
    held: () => ({
      ...checkpoint,
      tensors: [...checkpoint.tensors.values()].map(({ name, dtype, shape, file }) => ({ name, dtype, shape, file, values: own(read.get(name)) })),
    }),
  };
}

/** A view into a larger buffer would take all of it along. */
function own(values: Float32Array | Float64Array | undefined): Float32Array | Float64Array | null {
  if (values === undefined) return null;
  return values.byteLength === values.buffer.byteLength ? values : values.slice();
}

/** A checkpoint in memory. What is not held cannot be read, and bytes are there where the values are stored as they are. */
export function heldCheckpoint({ tensors, ...rest }: HeldCheckpoint): Checkpoint {
  const missing = (name: string) => Promise.reject(new Error(`${rest.name}: what is in memory of ${name} is not enough to read it`));
  const entry = ({ values, ...tensor }: HeldTensor): TensorEntry => ({
    ...tensor,
    values: async () => values ?? missing(tensor.name),
    bytes: async () => (values && tensor.dtype === STORED[values.BYTES_PER_ELEMENT] ? new Uint8Array(values.buffer, values.byteOffset, values.byteLength) : missing(tensor.name)),
  });
  return { ...rest, tensors: new Map(tensors.map((tensor) => [tensor.name, entry(tensor)])) };
}

const STORED: Readonly<Record<number, TensorEntry['dtype']>> = { 4: 'f32', 8: 'f64' };
