/** Normal crossings and how the singularities of several loci go together (Watanabe 2009, chapters 2 and 6; science.md 2c). */
import { compare, rational, sum, type Rational } from '../base/rational';
import type { Singularity } from './triple';

/**
 * K = prod w_i^{2 k_i} with the prior prod |w_i|^{h_i}: lambda = min (h_i + 1) / (2 k_i), m = how many attain it. Factors with
 * k_i = 0 do not vanish; where none vanishes, K has no zero and lambda is 0. Throws a RangeError for orders that are no counts.
 */
export function normalCrossing(orders: readonly number[], prior: readonly number[] = orders.map(() => 0)): Singularity {
  if (prior.length !== orders.length || ![...orders, ...prior].every((k) => Number.isSafeInteger(k) && k >= 0)) {
    throw new RangeError('a normal crossing has one exponent k >= 0 and one prior exponent h >= 0 for each variable');
  }
  const poles = orders.flatMap((k, i) => (k === 0 ? [] : [{ lambda: rational(prior[i]! + 1, 2 * k), multiplicity: 1 }]));
  return poles.length === 0 ? { lambda: rational(0), multiplicity: 1 } : crossing(poles);
}

/** A locus of codimension c on which F vanishes to the order k: c / (2 k). */
export function locus(codimension: number, order: number): Singularity {
  return { lambda: rational(codimension, 2 * order), multiplicity: 1 };
}

/** The product of K's in disjoint variables: their loci cross. The zeta function factorises: lambda is the least, ties add up in m. */
export function crossing(parts: readonly Singularity[]): Singularity {
  const lambda = least(parts);
  return { lambda, multiplicity: atLeast(parts, lambda).reduce((m, part) => m + part.multiplicity, 0) };
}

/** The sum of K's in disjoint variables: independent loci. Laplace integrals multiply: lambdas add, m = sum (m_i - 1) + 1. */
export function independent(parts: readonly Singularity[]): Singularity {
  return {
    lambda: sum(...parts.map((part) => part.lambda)),
    multiplicity: parts.reduce((m, part) => m + part.multiplicity - 1, 1),
  };
}

/** Several points or strata of the zeros of K: the least lambda, and the largest m that goes with it. */
export function union(parts: readonly Singularity[]): Singularity {
  const lambda = least(parts);
  return { lambda, multiplicity: Math.max(...atLeast(parts, lambda).map((part) => part.multiplicity)) };
}

function least(parts: readonly Singularity[]): Rational {
  const [first, ...rest] = parts;
  if (!first) throw new RangeError('no singularity was given');
  return rest.reduce((lambda, part) => (compare(part.lambda, lambda) < 0 ? part.lambda : lambda), first.lambda);
}

function atLeast(parts: readonly Singularity[], lambda: Rational): Singularity[] {
  return parts.filter((part) => compare(part.lambda, lambda) === 0);
}
