/** What became of the tensors of a checkpoint in a model. */
import type { Checkpoint } from '../checkpoint/types';
import type { Sources } from './sources';
import type { Model } from './types';

/** Why a tensor is no parameter, or why the output does not depend on it; null where that is not so. */
export interface Unread {
  buffer?(name: string): string | null;
  excluded?(name: string): string | null;
}

/** @param matrices parameters that are layers of their own; the other sources are used beside them */
export function tensorStatuses({ tensors }: Checkpoint, sources: Sources, matrices: ReadonlySet<string>, unread: Unread): Model['tensors'] {
  const statuses = new Map<string, { status: 'analysed' | 'used' | 'buffer' | 'excluded'; reason: string | null }>();
  for (const [name, { tensor }] of sources) {
    if (matrices.has(name)) statuses.set(tensor, { status: 'analysed', reason: null });
    else if (!statuses.has(tensor)) statuses.set(tensor, { status: 'used', reason: 'used in the forward pass' });
  }
  for (const name of tensors.keys()) {
    if (statuses.has(name)) continue;
    for (const status of ['buffer', 'excluded'] as const) {
      const reason = unread[status]?.(name) ?? null;
      if (reason !== null) statuses.set(name, { status, reason });
    }
  }
  return statuses;
}
