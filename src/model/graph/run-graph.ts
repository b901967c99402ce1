/** The forward pass of a graph over any primitives. Values are rows [n * pixels, channels]; convolutions are products with gathered windows. */
import type { Ops } from '../../numerics/ops';
import { activate } from '../layers/activations';
import { normalize } from '../layers/norm';
import type { Batch, TapSink, Weights } from '../types';
import { INPUT, type Graph, type GraphInput, type GraphNode } from './graph';
import type { GraphTap } from './graph-layers';
import { pixelsOf, sizeOfValue, type Image, type Shapes } from './shapes';
import { averagePool, convolve, maxPool, pad, upsample } from './windowed';

/** A graph whose shapes fit. */
export interface RunnableGraph {
  readonly graph: Graph;
  readonly shapes: Shapes;
  readonly taps: readonly GraphTap[];
}

/** What a layer shows once its activation is there. */
type Shown<T> = { readonly input: T | null; readonly bias: boolean; readonly pre: T };

/** @returns [n, outputs], an image row by row with its channels fastest; [n * positions, outputs] of a sequence */
export function runGraph<T>(ops: Ops<T>, { graph, shapes, taps }: RunnableGraph, weights: Weights<T>, batch: Batch, sink: TapSink<T>): T {
  const { samples } = batch;
  const values = new Map<string, T>();
  const shown = new Map<string, Shown<T>>();
  if (batch.kind === 'vector') values.set(INPUT, ops.constant(...rowsOfInput(graph.input, batch.values, samples)));
  for (const node of graph.nodes) {
    const run = { ops, weights, samples, node, shapes, batch, show: (tap: Shown<T>) => shown.set(node.name, tap) };
    values.set(node.name, apply(run, node.inputs.map((name) => values.get(name)!)));
    for (const { node: made, last, layer } of taps) if (last === node) sink(layer.name, { ...shown.get(made.name)!, post: values.get(node.name)! });
  }
  const last = graph.nodes.at(-1)!.name;
  const shape = shapes.get(last)!;
  return shape.kind === 'image' ? ops.reshape(values.get(last)!, [samples, sizeOfValue(shape)]) : values.get(last)!;
}

/** Images with their channels last, whatever the order in which samples have them. */
function rowsOfInput(input: GraphInput, values: Float64Array, samples: number): [Float64Array, [number, number]] {
  if (input.kind !== 'image') return [values, [samples, values.length / samples]];
  const { channels, height, width, order } = input;
  const pixels = height * width;
  if (order === 'hwc' || channels === 1) return [values, [samples * pixels, channels]];
  const rows = new Float64Array(values.length);
  for (let i = 0; i < samples; i++)
    for (let c = 0; c < channels; c++) for (let p = 0; p < pixels; p++) rows[(i * pixels + p) * channels + c] = values[(i * channels + c) * pixels + p]!;
  return [rows, [samples * pixels, channels]];
}

interface Run<T> {
  readonly ops: Ops<T>;
  readonly weights: Weights<T>;
  readonly samples: number;
  readonly node: GraphNode;
  readonly shapes: Shapes;
  readonly batch: Batch;
  show(tap: Shown<T>): void;
}

function apply<T>({ ops, weights, samples, node, shapes, batch, show }: Run<T>, inputs: readonly T[]): T {
  const { operator } = node;
  const x = inputs[0]!;
  const from = shapes.get(node.inputs[0]!)!;
  const named = (name: string | null) => (name === null ? null : weights(name));
  const affine = (y: T, factor: T | null, constant: T | null) => {
    const scaled = factor === null ? y : ops.mul(y, factor);
    return constant === null ? scaled : ops.add(scaled, constant);
  };
  switch (operator.kind) {
    case 'dense':
    case 'conv': {
      const weight = weights(operator.weight);
      const { input, pre } = operator.kind === 'dense' ? { input: x, pre: ops.matmul(x, weight) } : convolve(ops, operator, weight, x, samples, from as Image);
      const biased = affine(pre, null, named(operator.bias));
      show({ input, bias: operator.bias !== null, pre: biased });
      return biased;
    }
    case 'batch-norm': {
      const { scale, shift, statistics } = operator;
      if (statistics === null) return affine(x, named(scale), named(shift));
      const deviation = ops.unary('sqrt', ops.affine(weights(statistics.variance), 1, statistics.epsilon));
      const factor = scale === null ? ops.unary('reciprocal', deviation) : ops.div(weights(scale), deviation);
      return affine(ops.sub(x, weights(statistics.mean)), factor, named(shift));
    }
    case 'norm':
      return normalize(ops, operator.normalization, x, named(operator.scale), named(operator.shift), operator.epsilon);
    case 'activation':
      return activate(ops, operator.activation, x);
    case 'max-pool':
      return maxPool(ops, x, samples, from as Image, operator);
    case 'average-pool':
      return averagePool(ops, x, samples, from as Image, operator, operator.countPadding);
    case 'global-average-pool': {
      const pixels = pixelsOf(from);
      return ops.reshape(ops.affine(ops.sum(ops.reshape(x, [samples, pixels, from.channels]), [1]), 1 / pixels, 0), [samples, from.channels]);
    }
    case 'flatten': {
      const ordered = operator.order === 'chw' && from.channels > 1 ? ops.transpose(ops.reshape(x, [samples, pixelsOf(from), from.channels]), [0, 2, 1]) : x;
      return ops.reshape(ordered, [samples, sizeOfValue(from)]);
    }
    case 'to-image': {
      const pixels = operator.height * operator.width;
      const channels = from.channels / pixels;
      const ordered = operator.order === 'chw' && channels > 1 ? ops.transpose(ops.reshape(x, [samples, channels, pixels]), [0, 2, 1]) : x;
      return ops.reshape(ordered, [samples * pixels, channels]);
    }
    case 'add':
      return inputs.reduce((a, b) => ops.add(a, b));
    case 'multiply': {
      const rows = Math.max(...inputs.map((value) => ops.shape(value)[0]!));
      const [width] = ops.shape(x).slice(1) as [number];
      // Factors of every pixel: [samples, 1, channels] beside [samples, pixels, channels].
      const by = (value: T) => (rows === samples ? value : ops.reshape(value, [samples, ops.shape(value)[0]! / samples, width]));
      return ops.reshape(inputs.map(by).reduce((a, b) => ops.mul(a, b)), [rows, width]);
    }
    case 'pad':
      return pad(ops, x, samples, from as Image, operator.padding);
    case 'upsample':
      return upsample(ops, x, samples, from as Image, operator.factors);
    case 'concat':
      return inputs.length === 1 ? x : ops.concat(inputs, 1);
    case 'embedding': {
      if (batch.kind !== 'tokens') throw new Error('internal: an embedding takes tokens');
      const rows = ops.gather(weights(operator.table), batch.ids);
      show({ input: null, bias: false, pre: rows });
      return rows;
    }
  }
}
