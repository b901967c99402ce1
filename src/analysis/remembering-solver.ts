/** A solver that does not solve the same Gram twice: layers that training leaves alone give the same bits at every checkpoint. */
import type { EigenResult, Gram, Solver } from '../numerics/types';
import { gramHash } from './fingerprint';

export interface RememberingSolver extends Solver {
  /** Forgets what was not asked for since the last call: no more than two checkpoints are remembered. */
  turn(): void;
}

export function rememberingSolver(solver: Solver): RememberingSolver {
  let before = new Map<string, Promise<EigenResult>>();
  let now = new Map<string, Promise<EigenResult>>();
  const keyOf = async (gram: Gram, residuals: boolean) => {
    // Digests of exact Grams stand for integers, of which `hi` and `lo` are the value: the words are hashed, for they are what is solved.
    const { sha256 } = await gramHash({ ...gram, digest: null });
    return [sha256, gram.dimension, gram.roundoff, gram.lo !== null, residuals].join(' ');
  };
  return {
    async eigenvalues(gram, options) {
      const key = await keyOf(gram, options?.residuals ?? true);
      const known = now.get(key) ?? before.get(key);
      const solved = known ?? solver.eigenvalues(gram, options);
      // A failure is not remembered.
      if (!known) solved.catch(() => now.delete(key));
      now.set(key, solved);
      return solved;
    },
    turn() {
      before = now;
      now = new Map();
    },
  };
}
