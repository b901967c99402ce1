/** Small graphs with random parameters, written down node by node. */
import { Random } from '../../../src/base/random';
import type { Graph, GraphInput, GraphNode, Operator } from '../../../src/model/graph/graph';
import { graphModel } from '../../../src/model/graph/graph-model';
import type { Source } from '../../../src/model/sources';
import type { Batch, Model } from '../../../src/model/types';
import { stubCheckpoint, type Stub } from '../../checkpoint-stub';

type Line = readonly [name: string, operator: Operator, ...inputs: string[]];

/** Each node reads the one before it, unless it names others. */
export function graphOf(input: GraphInput, lines: readonly Line[]): Graph {
  return { input, nodes: lines.map(([name, operator, ...inputs], i): GraphNode => ({ name, operator, inputs: inputs.length > 0 ? inputs : [i === 0 ? '' : lines[i - 1]![0]] })) };
}

/** A convolution of `name.weight` and, unless there is none, `name.bias`. */
export function conv(name: string, kernel: number, more: { padding?: number; stride?: number; groups?: number; bias?: boolean; dilation?: number } = {}): Line {
  const { padding = 0, stride = 1, groups = 1, bias = true, dilation = 1 } = more;
  return [name, {
    kind: 'conv', weight: `${name}.weight`, bias: bias ? `${name}.bias` : null, kernel: [kernel, kernel], stride: [stride, stride],
    padding: [padding, padding, padding, padding], dilation: [dilation, dilation], groups,
  }];
}

export const dense = (name: string): Operator => ({ kind: 'dense', weight: `${name}.weight`, bias: `${name}.bias` });
export const norm = (name: string): Extract<Operator, { kind: 'batch-norm' }> => ({ kind: 'batch-norm', scale: `${name}.weight`, shift: `${name}.bias`, statistics: { mean: `${name}.running_mean`, variance: `${name}.running_var`, epsilon: 1e-5 } });
export const relu: Operator = { kind: 'activation', activation: 'relu' };

/** Shapes of the parameters by name: [rows, columns] of weights as the graph has them. */
export function modelOfGraph(graph: Graph, shapes: Readonly<Record<string, readonly number[]>>, seed = 5): Model {
  const random = new Random(seed);
  const tensors = Object.entries(shapes).map(([name, shape]): [string, Stub] => {
    const size = shape.reduce((a, b) => a * b, 1);
    const positive = /running_var$/.test(name) || (/weight$/.test(name) && shape.length === 1);
    const spread = shape.length === 1 ? 0.2 : (2 / shape[0]!) ** 0.5;
    const values = Array.from({ length: size }, () => (positive ? 0.6 + 0.9 * random.uniform() : spread * random.normal()));
    // What reads activations, which are positive, nearly averages out: else some units would hardly ever be on, or off.
    const [rows, width] = shape as [number, number];
    for (let k = 0; shape.length === 2 && k < width; k++) {
      const mean = values.reduce((sum, x, i) => (i % width === k ? sum + x : sum), 0) / rows;
      for (let i = k; i < size; i += width) values[i]! -= 0.9 * mean;
    }
    return [name, { shape: [...shape], values, dtype: 'f64' }];
  });
  const sources = new Map(Object.entries(shapes).map(([name, shape]): [string, Source] => [name, { tensor: name, shape }]));
  return graphModel(stubCheckpoint(Object.fromEntries(tensors)), { architecture: 'graph', title: 'graph', evidence: [], transforms: [], choices: [], graph, sources, defaultLoss: 'mse' });
}

export const bn = (name: string, width: number) => ({ [`${name}.weight`]: [width], [`${name}.bias`]: [width], [`${name}.running_mean`]: [width], [`${name}.running_var`]: [width] });

/** Normal inputs, as many outputs as parameters `times` over. */
export async function images(model: Model, times = 2): Promise<Batch> {
  const size = [...(await model.parameters()).values()].reduce((sum, { values }) => sum + values.length, 0);
  const samples = Math.ceil((times * size) / model.outputs);
  if (model.input.kind === 'tokens') {
    const { vocabulary, context: positions } = model.input;
    const random = new Random(7);
    return { kind: 'tokens', ids: Int32Array.from({ length: samples * positions }, () => Math.floor(vocabulary * random.uniform())), samples, positions };
  }
  const { width } = model.input;
  return { kind: 'vector', values: new Random(7).normals(samples * width), samples, width };
}
