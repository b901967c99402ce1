/** The operators of a graph against torch, their gradients against finite differences, their series, and what is said where a node does not fit. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readProbeFile } from '../../../src/analysis/probe-file';
import { Random } from '../../../src/base/random';
import { graphModel } from '../../../src/model/graph/graph-model';
import type { Operator, Padding } from '../../../src/model/graph/graph';
import { convolutionSource, matrixSource, type Source } from '../../../src/model/sources';
import type { Batch, Model } from '../../../src/model/types';
import { cpuOps, cpuValues } from '../../../src/numerics/cpu/ops';
import { Jets } from '../../../src/numerics/jet';
import { Tape } from '../../../src/numerics/tape';
import { probeFromFile } from '../../../src/probe/file';
import { familyCheckpoint, FOLDER } from '../family-files';
import { conv, dense, graphOf, modelOfGraph, norm, relu } from './small-graphs';

const ops = cpuOps();
const pool = (kind: 'max-pool' | 'average-pool', size: number, stride: number, before: number, after = before): Operator => {
  const window = { kernel: [size, size] as const, stride: [stride, stride] as const, padding: [before, before, after, after] as Padding };
  return kind === 'max-pool' ? { kind, ...window } : { kind, ...window, countPadding: true };
};

/** The network of `Operators` in test/fixtures/make_convolutions.py. */
async function operators(): Promise<Model> {
  const checkpoint = await familyCheckpoint('conv-operators.pt');
  const sources = new Map<string, Source>();
  for (const [name, { shape }] of checkpoint.tensors) {
    const own = name.replace(/^layers\./, '');
    if (shape.length === 4) sources.set(own, convolutionSource(name, shape as unknown as [number, number, number, number]));
    else sources.set(own, shape.length === 2 ? matrixSource(name, shape, 0) : { tensor: name, shape });
  }
  const tanh: Operator = { kind: 'activation', activation: 'tanh' };
  const tall = conv('6', 3, { groups: 8 });
  const graph = graphOf({ kind: 'image', channels: 3, height: 15, width: 12, order: 'chw' }, [
    conv('0', 3, { stride: 2, padding: 1 }), ['1', norm('1')], ['2', relu], ['3', pool('max-pool', 3, 2, 1)],
    conv('4', 3, { padding: 2, dilation: 2, groups: 2 }), ['5', relu], [tall[0], { ...tall[1], kernel: [3, 2] } as Operator], ['7', tanh],
    ['8', pool('average-pool', 2, 1, 1)], ['9', { ...pool('average-pool', 2, 1, 1), countPadding: false } as Operator], ['10', { kind: 'flatten', order: 'chw' }], ['11', dense('11')],
  ]);
  return graphModel(checkpoint, { architecture: 'graph', title: 'graph', evidence: [], transforms: [], choices: [], graph, sources, defaultLoss: 'ce' });
}

describe('the operators', () => {
  it("give torch's outputs to 1e-12, with groups, dilation, and every pool", async () => {
    const model = await operators();
    const content = await readProbeFile(await familyCheckpoint('conv-operators.probe.npz'));
    const { inputs } = await probeFromFile(content, { input: model.input, outputs: model.outputs, samples: null, positions: null, seed: 0 });
    const parameters = await model.parameters();
    const values = cpuValues(model.forward(ops, (name) => ops.constant(parameters.get(name)!.values, parameters.get(name)!.shape), inputs, () => {}));
    const { logits } = JSON.parse(readFileSync(join(FOLDER, 'conv-operators.json'), 'utf8')) as { logits: number[] };
    const scale = Math.max(...logits.map(Math.abs));
    expect(logits.length).toBe(values.length);
    expect(logits.reduce((worst, truth, i) => Math.max(worst, Math.abs(values[i]! - truth)), 0)).toBeLessThan(1e-12 * scale);
  });

  it('have the gradients of finite differences, and the series of jets', async () => {
    const model = await operators();
    const parameters = await model.parameters();
    const random = new Random(2);
    const inputs: Batch = { kind: 'vector', values: random.normals(2 * 540), samples: 2, width: 540 };
    const seed = random.normals(2 * 3);
    const move = new Map([...parameters].map(([name, { values }]) => [name, /running/.test(name) ? new Float64Array(values.length) : random.normals(values.length)]));
    const at = (t: number) => {
      const weight = (name: string) => {
        const { values, shape } = parameters.get(name)!;
        return ops.constant(Float64Array.from(values, (x, i) => x + t * move.get(name)![i]!), shape);
      };
      return cpuValues(model.forward(ops, weight, inputs, () => {})).reduce((sum, y, i) => sum + y * seed[i]!, 0);
    };
    const step = 1e-5;
    const difference = (at(step) - at(-step)) / (2 * step);

    const tape = new Tape(ops);
    const lifted = new Map([...parameters].map(([name, { values, shape }]) => [name, tape.lift(ops.constant(values, shape))]));
    const output = model.forward(tape, (name) => lifted.get(name)!, inputs, () => {});
    const gradients = tape.gradient(output, ops.constant(seed, [2, 3]), [...lifted.values()]);
    const directional = [...lifted.keys()].reduce((sum, name, k) => sum + cpuValues(gradients[k]!).reduce((s, g, i) => s + g * move.get(name)![i]!, 0), 0);
    expect(Math.abs(directional / difference - 1)).toBeLessThan(1e-7);

    const jets = new Jets(ops, 1, null);
    const series = model.forward(jets, (name) => {
      const { values, shape } = parameters.get(name)!;
      return jets.series(shape, [ops.constant(values, shape), ops.constant(move.get(name)!, shape)]);
    }, inputs, () => {});
    const first = cpuValues(series.terms[1]!).reduce((sum, y, i) => sum + y * seed[i]!, 0);
    expect(Math.abs(first / directional - 1)).toBeLessThan(1e-12);
  });

  it('a maximum of equal pixels is one of them, to the gradient too', () => {
    const model = modelOfGraph(graphOf({ kind: 'image', channels: 1, height: 2, width: 2, order: 'chw' }, [conv('a', 1, { bias: false }), ['pool', pool('max-pool', 2, 2, 0)]]), { 'a.weight': [1, 1] });
    const tape = new Tape(ops);
    const weight = tape.lift(ops.constant([2], [1, 1]));
    const output = model.forward(tape, () => weight, { kind: 'vector', values: Float64Array.of(3, 3, 3, 1), samples: 1, width: 4 }, () => {});
    expect([...cpuValues(output.value)]).toEqual([6]);
    expect([...cpuValues(tape.gradient(output, ops.constant([1], [1, 1]), [weight])[0]!)]).toEqual([3]);
  });

  it('padding is no pixel to a maximum', () => {
    const model = modelOfGraph(graphOf({ kind: 'image', channels: 1, height: 2, width: 2, order: 'chw' }, [['pool', pool('max-pool', 2, 2, 1)]]), {});
    const output = model.forward(ops, () => ops.constant([0], [1]), { kind: 'vector', values: Float64Array.of(-1, -2, -3, -4), samples: 1, width: 4 }, () => {});
    expect([...cpuValues(output)]).toEqual([-1, -2, -3, -4]);
  });
});

describe('a node that does not fit is named', () => {
  const image = { kind: 'image', channels: 2, height: 4, width: 4, order: 'chw' } as const;
  it.each([
    [[conv('a', 3)], { 'a.weight': [9, 4], 'a.bias': [4] }, "Node 'a' (conv) reads 'a.weight' of shape [9, 4] where [18, ·] was expected."],
    [[conv('a', 7)], { 'a.weight': [98, 4], 'a.bias': [4] }, "Node 'a' (conv) has a window of 7 x 7 pixels, which does not fit into images of 2 x 4 x 4."],
    [[conv('a', 1, { groups: 3 })], { 'a.weight': [1, 3], 'a.bias': [3] }, "Node 'a' (conv) splits 2 channels into 3 groups, which does not come out even."],
    [[['p', pool('max-pool', 2, 2, 2)]], {}, "Node 'p' (max-pool) pads 2 pixels around a window of 2 x 2: some windows would be empty."],
    [[['f', { kind: 'activation', activation: 'softsign' }]], {}, "Node 'f' (activation) is the function 'softsign', which is not computed here."],
    [[['g', { kind: 'global-average-pool' }], ['s', { kind: 'add' }, 'g', '']], {}, "Node 's' (add) combines vectors of width 2 with images of 2 x 4 x 4."],
    [[['z', { kind: 'pad', padding: [2 ** 40, 0, 0, 0] }]], {}, "Node 'z' (pad) has 1099511627780 x 4 windows of 1 x 1 pixels, more than is computed here."],
    [[['u', { kind: 'upsample', factors: [2 ** 14, 2 ** 12] }]], {}, "Node 'u' (upsample) makes images of 2 x 65536 x 16384, more than is computed here."],
    [[['s', { kind: 'add' }, 'later', '']], {}, "Node 's' (add) reads 'later', which no earlier node gives."],
  ] as const)('%#', (lines, shapes, sentence) => {
    expect(() => modelOfGraph(graphOf(image, lines as never), shapes as never)).toThrow(sentence);
  });
});
