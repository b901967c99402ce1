/** LayerNorm and RMSNorm in a graph: the sites whose output linear maps read, and what is free in the channels that only norms read. */
import { inverseScale, normKernels, offsetOf, type NormSite, type Reader } from '../symmetries/norms';
import { normedStream, type Writer } from '../symmetries/streams';
import { DirectionBuilder, type Symmetry } from '../symmetries/symmetry';
import type { ChannelGroup, Touch } from './channels';
import type { Graph, GraphNode, Operator } from './graph';
import { readersOf } from './graph-layers';
import { factorOf } from './graph-scales';
import type { ParameterShapes, Shapes } from './shapes';
import { isPointwise } from './windows';

interface Norm {
  readonly node: GraphNode;
  readonly site: NormSite;
  /** Linear maps of whole channels are all that reads it: `site` names them. */
  readonly linear: boolean;
  readonly epsilon: number;
}

/** Norms that linear maps read as they are. */
export function graphNorms(graph: Graph, shapes: Shapes, parameters: ParameterShapes): NormSite[] {
  return normsOf(graph, shapes, parameters).flatMap(({ site, linear }) => (linear ? [site] : []));
}

export function normSymmetries(graph: Graph, shapes: Shapes, parameters: ParameterShapes, groups: readonly ChannelGroup[]): Symmetry[] {
  const norms = normsOf(graph, shapes, parameters);
  const after = readersOf(graph.nodes);
  const streamed = new Set<GraphNode>();
  const streams = groups.flatMap((group) => {
    const reading = group.readers.map(({ node }) => norms.find((norm) => norm.node === node));
    const writers = group.writers.map((touch) => writersOf(touch, parameters));
    const plain = !group.pinned && group.functions.size === 0 && group.writers.length > 0;
    if (!plain || !reading.every((norm) => norm !== undefined) || !writers.every((ports) => ports !== null)) return [];
    for (const { node } of group.writers) streamed.add(node);
    const linear = reading.every((norm) => norm.linear);
    const epsilon = Math.max(...reading.map((norm) => norm.epsilon));
    return normedStream(group.writers[0]!.node.name, group.width, writers.flat(), reading.map(({ site }) => site), epsilon, { linear });
  });
  return [
    ...norms.flatMap(({ node, site }) =>
      (after.get(node.name) ?? []).flatMap((reader) => {
        const map = readerOf(reader, parameters);
        return map ? normKernels({ ...site, readers: [map] }) : windowKernel(site, reader, parameters);
      }),
    ),
    ...streams,
    ...graph.nodes.flatMap((node) => (streamed.has(node) ? [] : unseenMean(node, after, parameters))),
  ];
}

function normsOf({ nodes }: Graph, shapes: Shapes, parameters: ParameterShapes): Norm[] {
  const after = readersOf(nodes);
  return nodes.flatMap((node): Norm[] => {
    const { name, operator } = node;
    if (operator.kind !== 'norm') return [];
    const maps = (after.get(name) ?? []).map((reader) => readerOf(reader, parameters));
    const linear = maps.length > 0 && maps.every((map) => map !== null);
    const { normalization: kind, scale, shift, epsilon } = operator;
    return [{ node, linear, epsilon, site: { layer: name, kind, width: shapes.get(name)!.channels, scale, shift, readers: linear ? maps : [] } }];
  });
}

function readerOf({ name, operator }: GraphNode, parameters: ParameterShapes): Reader | null {
  const whole = operator.kind === 'dense' || (operator.kind === 'conv' && operator.groups === 1 && isPointwise(operator));
  return whole ? { layer: name, weight: operator.weight, inputAxis: 0, outputs: parameters(operator.weight)![1]!, bias: operator.bias } : null;
}

/** Null where it is no linear map that writes all channels in their order. */
function writersOf({ node: { operator }, entries }: Touch, parameters: ParameterShapes): Writer[] | null {
  if (!entries.every((own, i) => own.length === 1 && own[0] === i)) return null;
  const matrix = (name: string): Writer => ({ name, axis: 1, lines: parameters(name)![0]! });
  if (operator.kind === 'embedding') return [matrix(operator.table)];
  if (operator.kind !== 'dense' && (operator.kind !== 'conv' || operator.groups > 1)) return null;
  return [matrix(operator.weight), ...(operator.bias === null ? [] : [{ name: operator.bias, axis: 0, lines: 1 }])];
}

/** The kernel of a LayerNorm at every place of a window that does not pad: each output may gain gamma^-1 there, and its bias takes that of beta back. */
function windowKernel(site: NormSite, { name, operator }: GraphNode, parameters: ParameterShapes): Symmetry[] {
  if (site.kind !== 'layer-norm' || operator.kind !== 'conv' || operator.groups > 1 || operator.padding.some((p) => p !== 0)) return [];
  const { weight, bias, kernel: [height, width] } = operator;
  if (site.shift !== null && bias === null) return [];
  const outputs = parameters(weight)![1]!;
  return [{
    family: 'LayerNorm kernel',
    layer: name,
    dimension: height * width * outputs,
    *generators(weights) {
      const inverse = inverseScale(site, weights);
      const offset = offsetOf(site, inverse, weights);
      for (let place = 0; place < height * width; place++) {
        for (let k = 0; k < outputs; k++) {
          const direction = new DirectionBuilder(weights);
          direction.addValues({ name: weight, axis: 1, places: (output) => Int32Array.from(inverse, (_, c) => (place * site.width + c) * outputs + output) }, k, inverse);
          if (bias !== null) direction.addValues({ name: bias, axis: 0 }, k, [-offset]);
          yield direction.vector;
        }
      }
    },
  }];
}

/**
 * What one node writes and, scaled channel by channel and added to other things, only LayerNorms read: each vector that it writes may gain a multiple
 * of (1, ..., 1). Depthwise convolutions have only their bias for that.
 */
function unseenMean(node: GraphNode, after: ReadonlyMap<string, readonly GraphNode[]>, parameters: ParameterShapes): Symmetry[] {
  const { operator } = node;
  const scales: GraphNode[] = [];
  let last = node;
  for (let [next, ...more] = after.get(node.name) ?? []; next?.operator.kind === 'batch-norm' && more.length === 0; [next, ...more] = after.get(next.name) ?? []) {
    scales.push(next);
    last = next;
  }
  if (!onlyNormed(last, after)) return [];
  const map = operator.kind === 'dense' || operator.kind === 'conv';
  const weight = map && !(operator.kind === 'conv' && operator.groups > 1) ? operator.weight : null;
  const constant = map ? operator.bias : operator.kind === 'batch-norm' || operator.kind === 'norm' ? operator.shift : null;
  const writers = [...(weight === null ? [] : [{ name: weight, axis: 1, lines: parameters(weight)![0]! }]), ...(constant === null ? [] : [{ name: constant, axis: 0, lines: 1 }])];
  if (writers.length === 0) return [];
  return [{
    family: 'mean of the stream',
    layer: node.name,
    dimension: writers.reduce((sum, { lines }) => sum + lines, 0),
    *generators(weights) {
      for (const { name, axis, lines } of writers) {
        for (let line = 0; line < lines; line++) {
          const direction = new DirectionBuilder(weights);
          const width = direction.parameter(name).shape[axis]!;
          for (let c = 0; c < width; c++) {
            const factor = scales.reduce((product, scale) => product * factorOf(scale.operator as Extract<Operator, { kind: 'batch-norm' }>, direction, c), 1);
            direction.addValues({ name, axis }, c, Float64Array.from({ length: lines }, (_, at) => (at === line ? 1 / factor : 0)));
          }
          yield direction.vector;
        }
      }
    },
  }];
}

/** What leaves equal channels equal, and sums of them sums. */
const SHARED: ReadonlySet<Operator['kind']> = new Set(['add', 'average-pool', 'global-average-pool', 'upsample', 'pad']);

/** Whether a value, and the sums and means that it is part of, are read by LayerNorms alone. */
function onlyNormed(node: GraphNode, after: ReadonlyMap<string, readonly GraphNode[]>): boolean {
  const waiting = [node];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const readers = after.get(next.name) ?? [];
    if (readers.length === 0) return false;
    for (const reader of readers) {
      if (SHARED.has(reader.operator.kind)) waiting.push(reader);
      else if (reader.operator.kind !== 'norm' || reader.operator.normalization !== 'layer-norm') return false;
    }
  }
  return true;
}
