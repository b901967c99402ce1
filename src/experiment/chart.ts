/** Other coordinates of weight space, in which nothing is aligned with anything. */
import type { Random } from '../base/random';
import type { NamedVector, OutputMap } from '../direction/output-map';
import { sizeOf } from '../numerics/shape';
import { randomInvertible, times } from './matrices';

export interface Chart {
  /** The same outputs as a function of theta [1, d], at theta = 0. */
  readonly map: OutputMap;
  /** A tangent at w0 in the coordinates theta. */
  pull(vector: NamedVector): NamedVector;
}

const CURVATURE = 0.3;

/** w = w0 + B theta + S ((P theta) * (R theta)) with random B, P, R, S: a local change of coordinates that hides any alignment. */
export function randomChart(map: OutputMap, random: Random): Chart {
  const slots: { name: string; shape: readonly number[]; offset: number; size: number }[] = [];
  let d = 0;
  for (const [name, { shape }] of map.weights) {
    slots.push({ name, shape, offset: d, size: sizeOf(shape) });
    d += sizeOf(shape);
  }
  const point = new Float64Array(d);
  for (const { name, offset } of slots) point.set(map.weights.get(name)!.values, offset);
  const b = randomInvertible(random, d, 0.5, 2);
  const [p, r, s] = [1, 1, CURVATURE].map((scale) => random.normals(d * d).map((x) => (scale * x) / Math.sqrt(d))) as [Float64Array, Float64Array, Float64Array];
  return {
    map: {
      weights: new Map([['theta', { values: new Float64Array(d), shape: [1, d] }]]),
      samples: map.samples,
      outputs(ops, weights) {
        const theta = weights('theta');
        const along = (m: Float64Array, x: typeof theta) => ops.matmul(x, ops.constant(m, [d, d]), { transposeB: true });
        const linear = ops.add(ops.constant(point, [1, d]), along(b.matrix, theta));
        const w = ops.add(linear, along(s, ops.mul(along(p, theta), along(r, theta))));
        return map.outputs(ops, (name) => {
          const { shape, offset, size } = slots.find((slot) => slot.name === name)!;
          return ops.reshape(ops.slice(w, [0, offset], [1, size]), shape);
        });
      },
    },
    pull(vector) {
      const flat = new Float64Array(d);
      for (const { name, offset } of slots) flat.set(vector.get(name) ?? [], offset);
      return new Map([['theta', times(b.inverse, flat, d, d, 1)]]);
    },
  };
}
