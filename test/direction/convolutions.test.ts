/** The gauge audit of a small random convolutional network, and its Jacobian, which is made sample by sample. */
import { beforeAll, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { ArcMap } from '../../src/direction/arc-map';
import { ArcReader } from '../../src/direction/arc-order';
import { auditLayers } from '../../src/direction/audit';
import { modelOutputs } from '../../src/direction/output-map';
import { columns } from '../../src/direction/tangent';
import { cpuOps } from '../../src/numerics/cpu/ops';
import type { Model, Parameter } from '../../src/model/types';
import { bn, conv, dense, graphOf, modelOfGraph, norm, relu } from '../model/graph/small-graphs';

const ops = cpuOps();
let model: Model;
let parameters: ReadonlyMap<string, Parameter>;

beforeAll(async () => {
  const graph = graphOf({ kind: 'image', channels: 1, height: 6, width: 6, order: 'chw' }, [
    conv('a', 3, { padding: 1 }), ['n', norm('n')], ['r', relu], ['pool', { kind: 'max-pool', kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] }],
    conv('b', 2), ['s', relu], ['flat', { kind: 'flatten', order: 'chw' }], ['c', dense('c')],
  ]);
  model = modelOfGraph(graph, { 'a.weight': [9, 2], 'a.bias': [2], ...bn('n', 2), 'b.weight': [8, 2], 'b.bias': [2], 'c.weight': [8, 3], 'c.bias': [3] });
  parameters = await model.parameters();
});

const outputs = (samples: number) => modelOutputs(model, parameters, { kind: 'vector', values: new Random(3).normals(samples * 36), samples, width: 36 }, { loss: 'ce' });

it('explains every null dimension of every layer', { timeout: 60_000 }, async () => {
  const map = await ArcMap.open(ops, outputs(80));
  const reader = await ArcReader.open(map, { seed: 0 });
  try {
    const lines = [...auditLayers(map, (await reader.tangent.jacobian())!, model.layers, model.symmetries(), parameters, 'ce')];
    expect(lines.map(({ layer, found, expected, unexplained }) => ({ layer, found, expected, unexplained }))).toEqual([
      { layer: 'a', found: 0, expected: 0, unexplained: 0 },
      { layer: 'b', found: 0, expected: 0, unexplained: 0 },
      // Eight inputs and the bias may shift all logits.
      { layer: 'c', found: 9, expected: 9, unexplained: 0 },
    ]);
    // Scale and shift of two channels against their batch norm, a scale behind it, a scale of two units, and the logits.
    expect(map.dimension - reader.tangent.rank!).toBe(2 + 2 + 2 + 2 + 9);
  } finally {
    reader.dispose();
  }
});

it('has the same Jacobian sample by sample as all at once', async () => {
  const map = await ArcMap.open(ops, outputs(7));
  const linear = map.linearize([map.point], 0);
  const [whole] = await columns(map, linear);
  linear.dispose();
  const found = (await map.jacobianBySamples())!;
  const largest = whole!.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  expect(found.reduce((worst, x, i) => Math.max(worst, Math.abs(x - whole![i]!)), 0)).toBeLessThan(1e-14 * largest);
});
