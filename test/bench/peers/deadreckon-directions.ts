/** Orders of directions with their sweeps, one after the other, as an analysis reads them. */
import { readDirections } from '../../../src/direction/read-directions';
import type { OutputMap } from '../../../src/direction/output-map';
import { cpuOps } from '../../../src/numerics/cpu/ops';
import type { DirectionsProblem, Job, PeerModule } from '../implementation';

export const open: PeerModule['open'] = async () => ({ name: 'deadreckon-directions', tasks: { directions } });

function directions({ samples, width, outputs, inputs, weights: { first, second, last }, directions: vectors }: DirectionsProblem): Job<readonly (number | null | undefined)[]> {
  const ops = cpuOps();
  const map: OutputMap = {
    samples,
    weights: new Map([
      ['first', { values: first, shape: [width, width] }],
      ['second', { values: second, shape: [width, width] }],
      ['last', { values: last, shape: [outputs, width] }],
    ]),
    outputs(o, at) {
      let y = o.constant(inputs, [samples, width]);
      for (const name of ['first', 'second']) y = o.unary('tanh', o.matmul(y, at(name), { transposeB: true }));
      return o.affine(o.matmul(y, at('last'), { transposeB: true }), 1 / Math.sqrt(samples), 0);
    },
  };
  const candidates = vectors.map((u) => ({
    detector: 'bench',
    layer: 'second',
    vector: new Map([
      ['first', u.slice(0, width * width)],
      ['second', u.slice(width * width, 2 * width * width)],
      ['last', u.slice(2 * width * width)],
    ]),
  }));
  return {
    roundoff: ops.roundoff,
    async run() {
      const found = await readDirections(ops, map, candidates, { sweep: {} });
      return { result: () => found.map(({ order, verdict }) => (verdict === 'unresolved' ? undefined : order)) };
    },
  };
}
