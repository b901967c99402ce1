/**
 * LayerNorms over each query and each key, q = gamma_q . n(W_q x) + beta_q and k = gamma_k . n(W_k x) + beta_k, shared by the heads, as in timm's ViTs, without
 * rotary positions. With D = gamma_q gamma_k and b = beta_q gamma_k, softmax over the keys sees n_q . D n_k + b . n_k alone, and the entries of n sum to zero:
 * - what enters each norm may gain the same in all its coordinates, head by head, and be scaled up to the epsilon;
 * - coordinates of gamma_q and beta_q against those of gamma_k and beta_k;
 * - beta_k is free: what it adds depends on the query alone. So is beta_q along 1 / gamma_k, which adds a constant;
 * - as behind any LayerNorm with a diagonal scale there is one rotation X, of both n_q and n_k, that D can follow (scale-rotation.ts), with b turning by it.
 */
import type { Named } from '../layers/dense';
import type { Transformer, TransformerBlock } from '../layers/transformer';
import { scaleInto } from './head-norms';
import { vector } from './norms';
import { followedTurn } from './scale-rotation';
import { DirectionBuilder, type Direction, type Parameters, type Port, type Symmetry } from './symmetry';

export function centredHeadNormSymmetries({ query, key, headNorms }: TransformerBlock, { width, heads, groups, headWidth, epsilon }: Transformer): Symmetry[] {
  const [q, k] = [headNorms!.query, headNorms!.key];
  const [gq, bq, gk, bk] = [q.scale!, q.shift!, k.scale!, k.shift!];
  const of = (family: string, layer: string, dimension: number, generators: (parameters: Parameters) => Iterable<Direction>): Symmetry => ({ family, layer, dimension, generators });
  const each = function* (make: (direction: DirectionBuilder, i: number) => void, parameters: Parameters) {
    for (let i = 0; i < headWidth; i++) {
      const direction = new DirectionBuilder(parameters);
      make(direction, i);
      yield direction.vector;
    }
  };
  return [
    scaleInto('the queries', query, heads, headWidth, epsilon),
    scaleInto('the keys', key, groups, headWidth, epsilon),
    meanInto('the queries', query, heads, headWidth, width),
    meanInto('the keys', key, groups, headWidth, width),
    of('scale of the query norm against that of the keys', q.layer, headWidth, (parameters) =>
      each((direction, i) => {
        for (const name of [gq, bq]) direction.addLine(vector(name), i, i, 1);
        for (const name of [gk, bk]) direction.addLine(vector(name), i, i, -1);
      }, parameters)),
    of('shift of the keys behind their norm', k.layer, headWidth, (parameters) => each((direction, i) => direction.addValues(vector(bk), i, [1]), parameters)),
    of('shift of the queries behind their norm', q.layer, 1, (parameters) => [new Map([[bq, Float64Array.from(parameters.get(gk)!.values, (g) => 1 / g)]])]),
    of('rotation that the scales of queries and keys follow', q.layer, 1, (parameters) => {
      const direction = new DirectionBuilder(parameters);
      const [scales, other, shift] = [direction.parameter(gq).values, direction.parameter(gk).values, direction.parameter(bq).values];
      const followed = followedTurn(Float64Array.from(other, (g, i) => g * scales[i]!));
      if (followed === null) return [direction.vector];
      const { move, turn } = followed;
      direction.addVector(gq, move.map((d, i) => d / other[i]!));
      for (let i = 0; i < headWidth; i++)
        for (let j = 0; j < headWidth; j++) {
          for (const port of [...headPorts(query, heads, headWidth), ...headPorts(key, groups, headWidth)]) direction.addLine(port, i, j, turn(i, j));
          direction.addValues(vector(bq), i, [(turn(i, j) * shift[j]! * other[j]!) / other[i]!]);
        }
      return [direction.vector];
    }),
  ];
}

/** The coordinates of each head, of the weight and of its bias. */
function headPorts({ weight, bias }: Named, heads: number, headWidth: number): Port[] {
  return Array.from({ length: heads }, (_, head) => head * headWidth).flatMap((begin) => [{ name: weight, axis: 1, begin }, ...(bias === null ? [] : [{ name: bias, axis: 0, begin }])]);
}

function meanInto(what: string, map: Named, heads: number, headWidth: number, width: number): Symmetry {
  return {
    family: `mean of ${what} before the norm`,
    layer: map.layer,
    dimension: heads * (width + (map.bias === null ? 0 : 1)),
    *generators(parameters) {
      for (const port of headPorts(map, heads, headWidth)) {
        const lines = port.axis === 1 ? width : 1;
        for (let line = 0; line < lines; line++) {
          const direction = new DirectionBuilder(parameters);
          const one = new Float64Array(lines);
          one[line] = 1;
          for (let i = 0; i < headWidth; i++) direction.addValues(port, i, one);
          yield direction.vector;
        }
      }
    },
  };
}
