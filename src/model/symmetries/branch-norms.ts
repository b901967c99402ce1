/**
 * RMSNorms over what a branch writes, y = gamma . n(W_o z), as in Gemma 2: what enters them may be scaled, up to their epsilon, and gamma is what writes into
 * the stream. A rotation O of the stream would have to be O gamma = gamma R for a rotation R of what enters; off the diagonal that asks for
 * gamma_i^2 = gamma_j^2, so that none is left.
 */
import type { Transformer, TransformerBlock } from '../layers/transformer';
import { scaleInto } from './head-norms';
import type { Symmetry } from './symmetry';

export function branchNormSymmetries({ output, mlp, branchNorms }: TransformerBlock, { width, epsilon }: Transformer): Symmetry[] {
  if (!branchNorms) return [];
  return [scaleInto('what attention writes', output, 1, width, epsilon), ...(mlp ? [scaleInto('what the MLP writes', mlp.down, 1, width, epsilon)] : [])];
}
