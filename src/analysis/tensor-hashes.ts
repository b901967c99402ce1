/** What a checkpoint holds, tensor by tensor, and how far its parameters are from those of another: one pass, one or two tensors in memory. */
import { breathe } from '../base/breathe';
import { sha256 } from '../base/sha256';
import type { Checkpoint, TensorEntry } from '../checkpoint/types';
import { FLOATS } from './subject';

export interface Contents {
  /** SHA-256 of the values of every tensor, by name. */
  readonly hashes: ReadonlyMap<string, string>;
  /** SHA-256 over all names and hashes: equal where every tensor is. */
  readonly whole: string;
  /** Euclidean distance of the parameters; 0 where nothing was compared. */
  readonly distance: number;
}

export interface Compared {
  readonly checkpoint: Checkpoint;
  readonly hashes: ReadonlyMap<string, string>;
}

/** @param isParameter which tensors count for the distance. Throws InputError where a tensor cannot be read, AbortError on cancel. */
export async function contentsOf(
  checkpoint: Checkpoint,
  to: Compared | null,
  isParameter: (name: string) => boolean,
  signal?: AbortSignal,
): Promise<Contents> {
  const hashes = new Map<string, string>();
  let squares = 0;
  for (const [name, tensor] of checkpoint.tensors) {
    await breathe(signal);
    const values = FLOATS.has(tensor.dtype) ? await tensor.values() : await tensor.bytes();
    const hash = await sha256(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    hashes.set(name, hash);
    const other = to?.checkpoint.tensors.get(name);
    if (other && FLOATS.has(tensor.dtype) && isParameter(name) && to!.hashes.get(name) !== hash) squares += await squaredDistance(values, other);
  }
  const lines = [...hashes].map(([name, hash]) => JSON.stringify([name, hash]));
  return { hashes, whole: await sha256(new TextEncoder().encode(lines.join('\n'))), distance: Math.sqrt(squares) };
}

async function squaredDistance(a: ArrayLike<number>, other: TensorEntry): Promise<number> {
  const b = await other.values();
  let sum = 0;
  for (let i = 0; i < b.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}
