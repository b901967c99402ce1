/** One attention head: the GL of queries against keys and of values against outputs, and channels that are dead on both sides. */
import type { Random } from '../../base/random';
import { attend } from '../../model/layers/attention';
import type { NamedVector } from '../../direction/output-map';
import { randomInvertible, times, transposed, withColumn, withRow } from '../matrices';
import type { Cell, Values } from '../cell';
import { named, tensor } from '../cell';

const [SAMPLES, POSITIONS, WIDTH, HEAD] = [20, 3, 4, 2];
const SHAPE = { samples: SAMPLES, positions: POSITIONS, heads: 1, groups: 1, headWidth: HEAD };
const ROWS = SAMPLES * POSITIONS;

type Side = 'QK' | 'VO';

function head(name: string, expected: Cell['expected'], make: (w: Values, random: Random) => { values: Values; direction: NamedVector }): Cell {
  return {
    name,
    expected,
    point(random) {
      const x = random.normals(ROWS * WIDTH);
      const drawn = Object.fromEntries(['Q', 'K', 'V', 'O'].map((key) => [key, random.normals(WIDTH * HEAD)]));
      const { values, direction } = make(drawn, random);
      return {
        weights: new Map(Object.entries(values).map(([key, w]) => [key, tensor(key === 'O' ? [HEAD, WIDTH] : [WIDTH, HEAD], w)])),
        samples: SAMPLES,
        outputs(ops, at) {
          const input = ops.constant(x, [ROWS, WIDTH]);
          const [q, k, v] = ['Q', 'K', 'V'].map((key) => ops.matmul(input, at(key))) as [typeof input, typeof input, typeof input];
          const mixed = attend(ops, SHAPE, q, k, v, { scale: 1 / Math.sqrt(HEAD), mask: null });
          return ops.affine(ops.matmul(mixed, at('O')), 1 / Math.sqrt(SAMPLES), 0);
        },
        direction,
        generators: generators(values),
      };
    },
    // Q -> Q G, K -> K G^-T; V -> V H, O -> H^-1 O
    symmetry: (random) => {
      const [g, h] = [randomInvertible(random, HEAD, 0.6, 1.6), randomInvertible(random, HEAD, 0.6, 1.6)];
      return ({ Q, K, V, O }) => ({
        Q: times(Q!, g.matrix, WIDTH, HEAD, HEAD),
        K: times(K!, transposed(g.inverse, HEAD, HEAD), WIDTH, HEAD, HEAD),
        V: times(V!, h.matrix, WIDTH, HEAD, HEAD),
        O: times(h.inverse, O!, HEAD, HEAD, WIDTH),
      });
    },
  };
}

/** Q += Q X, K -= K X^T; V += V X, O -= X O. */
function orbit(side: Side, { Q, K, V, O }: Values, x: Float64Array): NamedVector {
  const minus = (m: Float64Array) => m.map((v) => -v);
  if (side === 'QK') return named({ Q: times(Q!, x, WIDTH, HEAD, HEAD), K: minus(times(K!, transposed(x, HEAD, HEAD), WIDTH, HEAD, HEAD)) });
  return named({ V: times(V!, x, WIDTH, HEAD, HEAD), O: minus(times(x, O!, HEAD, HEAD, WIDTH)) });
}

function generators(values: Values): NamedVector[] {
  return (['QK', 'VO'] as const).flatMap((side) =>
    Array.from({ length: HEAD * HEAD }, (_, k) => {
      const x = new Float64Array(HEAD * HEAD);
      x[k] = 1;
      return orbit(side, values, x);
    }),
  );
}

/** Channel 1 of the head is zero in both factors, and u moves it in both. */
function deadChannel(side: Side, drawn: Values, random: Random) {
  const column = () => withColumn(WIDTH, HEAD, 1, random.normals(WIDTH));
  const withoutColumn = (m: Float64Array) => m.map((v, k) => (k % HEAD === 1 ? 0 : v));
  if (side === 'QK') return { values: { ...drawn, Q: withoutColumn(drawn.Q!), K: withoutColumn(drawn.K!) }, direction: named({ Q: column(), K: column() }) };
  const values = { ...drawn, V: withoutColumn(drawn.V!), O: drawn.O!.map((v, k) => (k >= WIDTH ? 0 : v)) };
  return { values, direction: named({ V: column(), O: withRow(HEAD, WIDTH, 1, random.normals(WIDTH)) }) };
}

const whole = (side: Side) => (values: Values, random: Random) => ({ values, direction: orbit(side, values, random.normals(HEAD * HEAD)) });
const dead = (side: Side) => (values: Values, random: Random) => deadChannel(side, values, random);

export const attention: readonly Cell[] = [
  head('attention, QK orbit of GL(2)', { lineOrder: 2, order: null, verdict: 'gauge' }, whole('QK')),
  head('attention, VO orbit of GL(2)', { lineOrder: 2, order: null, verdict: 'gauge' }, whole('VO')),
  head('attention, QK channel dead on both sides', { lineOrder: 2, order: 2, verdict: 'singular' }, dead('QK')),
  head('attention, VO channel dead on both sides', { lineOrder: 2, order: 2, verdict: 'singular' }, dead('VO')),
];
