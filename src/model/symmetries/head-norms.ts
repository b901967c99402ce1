/**
 * RMSNorms over each query and each key, q = gamma_q . n(W_q x) and k = gamma_k . n(W_k x), as in Qwen3. Of the basis of query and key there
 * remains what keeps the length of n and the form q . R k:
 * - the scale of what enters each norm, head by head, up to its epsilon;
 * - gamma_q against gamma_k. A basis change M of q would have to be gamma_q' O gamma_q^-1 for a rotation O, and its inverse transpose likewise for
 *   gamma_k; off the diagonal both ask for (gamma_q gamma_k)_i^2 = (gamma_q gamma_k)_j^2. Diagonal ones remain: one for each pair of
 *   coordinates that rotary positions turn together, one for each coordinate that they leave alone.
 * A constant of the keys is not free: their norm sees it.
 */
import type { Named } from '../layers/dense';
import type { Transformer, TransformerBlock } from '../layers/transformer';
import { vector } from './norms';
import { DirectionBuilder, type Symmetry } from './symmetry';

export function headNormSymmetries({ query, key, headNorms }: TransformerBlock, { heads, groups, headWidth, rotary, epsilon }: Transformer): Symmetry[] {
  if (!headNorms) return [];
  const found = [scaleInto('the queries', query, heads, headWidth, epsilon), scaleInto('the keys', key, groups, headWidth, epsilon)];
  const [gain, lose] = [headNorms.query.scale, headNorms.key.scale];
  if (gain === null || lose === null) return found;
  const together = turnedTogether(headWidth, rotary);
  const against: Symmetry = {
    family: 'scale of the query norm against that of the keys',
    layer: headNorms.query.layer,
    dimension: together.length,
    *generators(parameters) {
      for (const coordinates of together) {
        const direction = new DirectionBuilder(parameters);
        for (const i of coordinates) {
          direction.addLine(vector(gain), i, i, 1);
          direction.addLine(vector(lose), i, i, -1);
        }
        yield direction.vector;
      }
    },
  };
  return [...found, against];
}

/** Pairs of coordinates that rotary positions turn, and single ones beyond. */
function turnedTogether(headWidth: number, rotary: Transformer['rotary']): number[][] {
  const { rotated, adjacent } = rotary ?? { rotated: 0, adjacent: false };
  const pairs = Array.from({ length: rotated / 2 }, (_, i) => (adjacent ? [2 * i, 2 * i + 1] : [i, i + rotated / 2]));
  return [...pairs, ...Array.from({ length: headWidth - rotated }, (_, i) => [rotated + i])];
}

/** What is normalised, head by head, may be scaled. */
export function scaleInto(what: string, { layer, weight, bias }: Named, heads: number, headWidth: number, epsilon: number): Symmetry {
  return {
    family: `scale of ${what} before the norm`,
    layer,
    dimension: heads,
    ...(epsilon > 0 ? { approximate: 'the epsilon of the norm' } : {}),
    *generators(parameters) {
      for (let head = 0; head < heads; head++) {
        const direction = new DirectionBuilder(parameters);
        for (let i = head * headWidth; i < (head + 1) * headWidth; i++) {
          direction.addLine({ name: weight, axis: 1 }, i, i, 1);
          if (bias !== null) direction.addLine({ name: bias, axis: 0 }, i, i, 1);
        }
        yield direction.vector;
      }
    },
  };
}
