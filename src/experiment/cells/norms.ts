/** The gauges of a normalisation between two linear maps, their absence under RMSNorm, and the softmax shift. */
import type { Random } from '../../base/random';
import { centred } from '../../direction/output-map';
import { activate } from '../../model/layers/activations';
import { normalize } from '../../model/layers/norm';
import { outer, withColumn, withRow } from '../matrices';
import type { Cell, CellPoint } from '../cell';
import { named, tensor } from '../cell';
import { unitSymmetry } from '../unit-symmetry';

const [SAMPLES, WIDTH, OUTPUTS] = [30, 4, 3];

interface Drawn {
  x: Float64Array;
  writer: Float64Array;
  scale: Float64Array;
  shift: Float64Array;
  reader: Float64Array;
  bias: Float64Array;
  random: Random;
}

/** reader (norm(writer x) * scale + shift) + bias. */
function normed(kind: 'layer-norm' | 'rms-norm', name: string, expected: Cell['expected'], along: (d: Drawn) => Pick<CellPoint, 'direction' | 'generators'>): Cell {
  return {
    name,
    expected,
    point(random) {
      const d: Drawn = {
        x: random.normals(SAMPLES * WIDTH),
        writer: random.normals(WIDTH * WIDTH),
        scale: Float64Array.from({ length: WIDTH }, () => 0.6 + 0.9 * random.uniform()),
        shift: random.normals(WIDTH),
        reader: random.normals(OUTPUTS * WIDTH),
        bias: random.normals(OUTPUTS),
        random,
      };
      return {
        weights: new Map([
          ['writer', tensor([WIDTH, WIDTH], d.writer)],
          ['scale', tensor([WIDTH], d.scale)],
          ['shift', tensor([WIDTH], d.shift)],
          ['reader', tensor([OUTPUTS, WIDTH], d.reader)],
          ['bias', tensor([OUTPUTS], d.bias)],
        ]),
        samples: SAMPLES,
        outputs(ops, at) {
          const stream = ops.matmul(ops.constant(d.x, [SAMPLES, WIDTH]), at('writer'), { transposeB: true });
          const read = normalize(ops, kind, stream, at('scale'), at('shift'), 0);
          const y = ops.add(ops.matmul(read, at('reader'), { transposeB: true }), at('bias'));
          return ops.affine(y, 1 / Math.sqrt(SAMPLES), 0);
        },
        ...along(d),
      };
    },
    // (scale_j, shift_j, column j of the reader) -> (s scale_j, s shift_j, column / s)
    symmetry: (random) => {
      const s = Array.from({ length: WIDTH }, () => 0.5 + 1.5 * random.uniform());
      return (v) => ({
        ...v,
        scale: v.scale!.map((x, j) => x * s[j]!),
        shift: v.shift!.map((x, j) => x * s[j]!),
        reader: v.reader!.map((x, k) => x / s[k % WIDTH]!),
      });
    },
  };
}

/** reader += v (1 / scale)^T, bias -= v (shift / scale) . 1 */
function kernel({ scale, shift }: Drawn, v: Float64Array) {
  const inverse = scale.map((x) => 1 / x);
  const constant = shift.reduce((sum, x, j) => sum + x * inverse[j]!, 0);
  return named({ reader: outer(v, inverse), bias: v.map((x) => -x * constant) });
}

const along = (d: Drawn) => ({
  direction: kernel(d, d.random.normals(OUTPUTS)),
  generators: Array.from({ length: OUTPUTS }, (_, i) => kernel(d, Float64Array.from({ length: OUTPUTS }, (_, j) => (i === j ? 1 : 0)))),
});

const softmaxShift: Cell = {
  name: 'softmax shift of the unembedding',
  expected: { lineOrder: null, order: null, verdict: 'gauge' },
  point(random) {
    const x = random.normals(SAMPLES * WIDTH);
    const ones = new Float64Array(OUTPUTS).fill(1);
    return {
      weights: new Map([
        ['incoming', tensor([WIDTH, WIDTH], random.normals(WIDTH * WIDTH))],
        ['outgoing', tensor([OUTPUTS, WIDTH], random.normals(OUTPUTS * WIDTH))],
        ['bias', tensor([OUTPUTS], random.normals(OUTPUTS))],
      ]),
      samples: SAMPLES,
      outputs(ops, at) {
        const hidden = activate(ops, 'tanh', ops.matmul(ops.constant(x, [SAMPLES, WIDTH]), at('incoming'), { transposeB: true }));
        const logits = ops.add(ops.matmul(hidden, at('outgoing'), { transposeB: true }), at('bias'));
        return ops.affine(centred(ops, logits), 1 / Math.sqrt(SAMPLES), 0);
      },
      direction: named({ outgoing: outer(ones, random.normals(WIDTH)), bias: ones.map((v) => 0.3 * v) }),
      generators: [...Array.from({ length: WIDTH }, (_, j) => named({ outgoing: withColumn(OUTPUTS, WIDTH, j, ones) })), named({ bias: ones })],
    };
  },
  symmetry: unitSymmetry(WIDTH, 'odd'),
};

const gauge = (lineOrder: number | null) => ({ lineOrder, order: null, verdict: 'gauge' }) as const;

export const norms: readonly Cell[] = [
  normed('layer-norm', 'LayerNorm kernel, the bias absorbs', gauge(null), along),
  normed('rms-norm', 'the same direction under RMSNorm', { lineOrder: 1, order: 1, verdict: 'regular' }, (d) => ({ ...along(d), generators: [] })),
  normed('layer-norm', 'LayerNorm input scale', gauge(null), ({ writer }) => ({
    direction: named({ writer }),
    generators: [named({ writer })],
  })),
  normed('layer-norm', 'LayerNorm scale against its reader', gauge(2), ({ scale, shift, reader }) => {
    const column = Array.from({ length: OUTPUTS }, (_, i) => -reader[i * WIDTH + 1]!);
    const direction = named({
      scale: withRow(1, WIDTH, 0, [0, scale[1]!]),
      shift: withRow(1, WIDTH, 0, [0, shift[1]!]),
      reader: withColumn(OUTPUTS, WIDTH, 1, column),
    });
    return { direction, generators: [direction] };
  }),
  softmaxShift,
];
