/** Random edits of good files, and what must hold of each: a checkpoint or a sentence, within a second. */
import { InputError } from '../../src/base/errors';
import type { Random } from '../../src/base/random';
import { openFiles } from '../../src/checkpoint/open';
import { bufferSource } from '../../src/checkpoint/sources';
import { join } from './writers';

const INTERESTING = [0, 1, 0x28, 0x2e, 0x52, 0x62, 0x63, 0x7f, 0x80, 0x93, 0xff];

export function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  let out: Uint8Array = bytes.slice();
  for (let edits = 1 + random.integer(4); edits > 0 && out.length > 0; edits--) {
    const at = random.integer(out.length);
    const kind = random.integer(6);
    if (kind === 0) out[at] = random.integer(256);
    else if (kind === 1) out[at]! ^= 1 << random.integer(8);
    else if (kind === 2) out[at] = INTERESTING[random.integer(INTERESTING.length)]!;
    else if (kind === 3) out = out.slice(0, at);
    else if (kind === 4) out = join(out.slice(0, at), out.slice(random.integer(out.length)));
    else out = join(out.slice(0, at), [random.integer(256)], out.slice(at));
  }
  return out;
}

/** `beside`: other files of the drop. */
export async function survives(name: string, bytes: Uint8Array, id: string, beside: Readonly<Record<string, Uint8Array>> = {}): Promise<void> {
  const begin = performance.now();
  const { checkpoints, refusals, sides } = await openFiles([[name, bytes] as const, ...Object.entries(beside)].map(([file, content]) => bufferSource(file, content)));
  for (const refusal of refusals) {
    if (refusal.code === 'internal' || ![name, ...Object.keys(beside)].some((file) => refusal.message.includes(file))) throw new Error(`${id}: ${refusal.message}`);
  }
  if (checkpoints.length + refusals.length + sides.size === 0) throw new Error(`${id}: no outcome`);
  for (const checkpoint of checkpoints) {
    for (const tensor of checkpoint.tensors.values()) {
      await tensor.values().catch((error: unknown) => {
        if (!(error instanceof InputError)) throw new Error(`${id}: ${String(error)}`);
      });
    }
  }
  if (performance.now() - begin > 1000) throw new Error(`${id}: took ${performance.now() - begin} ms`);
}
