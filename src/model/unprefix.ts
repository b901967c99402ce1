/** Wrapper prefixes that training code leaves on every name, taken off only when that is what makes the model recognisable. */
import type { Checkpoint } from '../checkpoint/types';
import { recogniseModel } from './recognise';

const PREFIXES = ['model.', 'net.', 'network.', 'timm_model.', 'transformer.'];

/** The checkpoint itself, or the same tensors under shorter names with a warning that says so (checkpoints.md §2). */
export async function unprefixed(checkpoint: Checkpoint): Promise<Checkpoint> {
  const names = [...checkpoint.tensors.keys()];
  const prefix = PREFIXES.find((p) => names.length > 0 && names.every((n) => n.startsWith(p)));
  if (!prefix || (await recogniseModel(checkpoint, {})).model) return checkpoint;
  const strip = (name: string) => name.slice(prefix.length);
  const stripped: Checkpoint = {
    ...checkpoint,
    tensors: new Map([...checkpoint.tensors].map(([name, t]) => [strip(name), { ...t, name: strip(name), bytes: () => t.bytes(), values: () => t.values(), pieces: () => t.pieces?.() ?? null }])),
    shared: checkpoint.shared.map((group) => group.map(strip)),
    warnings: [...checkpoint.warnings, `every name begins with '${prefix}', which was taken off`],
  };
  return (await recogniseModel(stripped, {})).model ? stripped : checkpoint;
}
