/** Dropped files that are probes, not checkpoints: arrays named `inputs` and `targets`. */
import { InputError } from '../base/errors';
import type { Checkpoint, TensorEntry } from '../checkpoint/types';
import type { ProbeArray, ProbeFileContent } from '../probe/file';

/** A probe is a file that holds `inputs`, and `targets` at most beside it. */
export function isProbe(checkpoint: Checkpoint): boolean {
  const names = [...checkpoint.tensors.keys()];
  return names.includes('inputs') && names.every((n) => n === 'inputs' || n === 'targets');
}

/** @throws InputError when there is no `inputs` (a lone array of an .npy file counts as one). */
export async function readProbeFile(checkpoint: Checkpoint): Promise<ProbeFileContent> {
  const file = checkpoint.name;
  const lone = checkpoint.format === 'npy' ? [...checkpoint.tensors.values()][0] : undefined;
  const inputs = checkpoint.tensors.get('inputs') ?? lone;
  if (!inputs) {
    const found = [...checkpoint.tensors.keys()].slice(0, 5).map((n) => `'${n}'`).join(', ') || 'nothing';
    throw new InputError('probe-inputs', `${file}: a probe holds an array 'inputs' and optionally 'targets'; this file holds ${found}.`, { file });
  }
  const targets = checkpoint.tensors.get('targets');
  return { file, inputs: await readArray(inputs, 'inputs'), targets: targets ? await readArray(targets, 'targets') : null };
}

async function readArray(tensor: TensorEntry, name: string): Promise<ProbeArray> {
  return { name, shape: tensor.shape, integers: /^[ui]\d+$|^bool$/.test(tensor.dtype), values: await tensor.values() };
}
