/**
 * (lambda, m, nu) of the network as its own truth, where the structure enumerates (paper B; science.md 2c): by the splitting lemma
 * lambda = rank J / 2 + lambda of what is left, and what is left is known for linear chains, for dead units of one layer, and where nothing is.
 */
import { format, rational, sum, type Rational } from '../base/rational';
import { deepLinear } from '../theory/deep-linear';
import { independent } from '../theory/normal-crossing';
import { singularFluctuation } from '../theory/singular-fluctuation';
import type { Singularity } from '../theory/triple';
import type { NodeDeath } from './node-death';
import type { Direction } from './types';

export interface Structure {
  /** Rank of the Jacobian of the outputs by all parameters, null where it was not taken. */
  readonly rank: number | null;
  /** Null dimensions that no known symmetry and no dead unit accounts for; null where they were not counted. */
  readonly unexplained: number | null;
  /** Widths of a chain of linear layers, with the rank of their product: the whole network, or null. */
  readonly linearChain: { readonly widths: readonly number[]; readonly rank: number } | null;
  /** Units that are dead on all sides, and what they add together. */
  readonly deadUnits: number;
  readonly nodeDeath: NodeDeath | null;
}

export type Triple =
  | { readonly lambda: string; readonly value: number; readonly multiplicity: number; readonly nu: number | null; readonly assumption: string }
  | { readonly lambda: null; readonly bounds: readonly [number, number | null] | null; readonly reason: string };

export function assemble(structure: Structure, directions: readonly Direction[]): Triple {
  const { rank, linearChain, deadUnits, nodeDeath } = structure;
  if (linearChain) {
    const { widths, rank: r } = linearChain;
    return found(deepLinear(widths, r), null, `Closed form of the linear chain ${widths.join(' → ')} at rank ${r} (Aoyagi 2024): the least over all weights that give the same function, with this function as the truth.`);
  }
  if (rank === null) return { lambda: null, bounds: null, reason: 'The network is too large for the rank of its Jacobian, on which everything else rests.' };
  const live: Singularity = { lambda: rational(rank, 2), multiplicity: 1 };
  const unresolved = directions.filter((d) => d.verdict === 'unresolved');
  const singular = directions.filter((d) => d.verdict === 'singular');
  const bounds = boundsOf(rank, singular);
  if (unresolved.length > 0) {
    return { lambda: null, bounds, reason: `${unresolved.length} of ${directions.length} directions are unresolved: "${unresolved[0]!.evidence}"` };
  }
  const elsewhere = singular.filter((d) => d.detector !== 'dead-unit');
  if (elsewhere.length > 0) {
    return { lambda: null, bounds, reason: `The orders of singular directions of '${elsewhere[0]!.detector}' do not add up to lambda: how their loci meet is not known from them.` };
  }
  if (nodeDeath && !nodeDeath.singularity) return { lambda: null, bounds, reason: nodeDeath.reason };
  const misread = singular.find((d) => d.order !== nodeDeath?.order);
  if (misread) {
    return { lambda: null, bounds, reason: `A dead unit of '${misread.layer}' reads order ${misread.order}, and no crossing of its sides was read that has this order.` };
  }
  if (structure.unexplained === null || structure.unexplained > 0) {
    const count = structure.unexplained === null ? 'Null dimensions were not counted' : `${structure.unexplained} null dimensions are unexplained`;
    return { lambda: null, bounds, reason: `${count}: they may hide more singularities, or flat fibres.` };
  }
  if (!nodeDeath) return found(live, rank / 2, 'Every null dimension is a gauge: half the rank of the Jacobian.');
  return found(
    independent([live, nodeDeath.singularity]),
    deadUnits === 1 ? rank / 2 + singularFluctuation(nodeDeath.order) : null,
    `Half the rank of the Jacobian, and for ${nodeDeath.reads}: the least of codimension over twice the order, on this probe, with the network as its own truth.${deadUnits === 1 ? ' nu takes the joint direction as the only locus: what the network realises lies below it.' : ''}`,
  );
}

function found({ lambda, multiplicity }: Singularity, nu: number | null, assumption: string): Triple {
  return { lambda: format(lambda), value: lambda.numerator / lambda.denominator, multiplicity, nu, assumption };
}

/** r / 2 + 1 / (2 q) from below, with q the lowest order that was read: any arc of finite order bounds lambda (science.md 2c). */
function boundsOf(rank: number, singular: readonly Direction[]): readonly [number, number | null] {
  const best = Math.min(...singular.map((d) => d.order!));
  const below: Rational = Number.isFinite(best) ? sum(rational(rank, 2), rational(1, 2 * best)) : rational(rank, 2);
  return [below.numerator / below.denominator, null];
}
