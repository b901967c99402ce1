/** Closed forms of small networks whose truth is zero (science.md 2e). */
import { rational } from '../base/rational';
import { crossing, locus } from './normal-crossing';
import type { Singularity } from './triple';

/** y = sum_{k <= H} a_k tanh(b_k x), one input and one output (Aoyagi & Nagata 2012; general H as it is usually quoted). */
export function tanhUnits(H: number): Singularity {
  const i = Math.floor(Math.sqrt(H));
  return { lambda: rational(H + i * i + i, 4 * i + 2), multiplicity: i * i === H ? 2 : 1 };
}

/**
 * One unit q sigma(p . x) with both sides dead, p in R^inputs, q in R^outputs, sigma(z) ~ z^order at zero, x in general position:
 * K ~ |q|^2 |p|^{2 order}, the loci {q = 0} and {p = 0} cross.
 */
export function deadUnit(inputs: number, outputs: number, order = 1): Singularity {
  return crossing([locus(outputs, 1), locus(inputs, order)]);
}
