/** What a network was run on, as a hash: two probes of the same values have the same, however they were made. */
import { sha256 } from '../base/sha256';
import type { Probe } from '../probe/types';

/** SHA-256 of the inputs and then the targets, as they lie in memory. */
export function probeHash(probe: Probe | null): Promise<string> {
  const arrays = probe === null ? [] : [probe.inputs.kind === 'vector' ? probe.inputs.values : probe.inputs.ids, probe.targets?.kind === 'values' ? probe.targets.values : (probe.targets?.labels ?? null)];
  const bytes = arrays.flatMap((a) => (a ? [new Uint8Array(a.buffer, a.byteOffset, a.byteLength)] : []));
  const whole = new Uint8Array(bytes.reduce((sum, b) => sum + b.length, 0));
  bytes.reduce((at, b) => (whole.set(b, at), at + b.length), 0);
  return sha256(whole);
}
