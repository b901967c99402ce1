/** Norms over the channels of a graph: what dense layers do not see of a norm, and what a norm does not see of the sums that dense layers write into it. */
import { normKernels, type NormSite } from '../symmetries/norms';
import { normedStream, streamMeans, type Writer } from '../symmetries/streams';
import type { Symmetry } from '../symmetries/symmetry';
import type { Graph, GraphNode, Operator } from './graph';
import { readersOf } from './graph-layers';
import type { ParameterShapes, Shapes } from './shapes';

type Norm = GraphNode & { readonly operator: Extract<Operator, { kind: 'norm' }> };

/** Norms of a graph and what they read and write. */
export class GraphNorms {
  private readonly readers: ReadonlyMap<string, readonly GraphNode[]>;
  private readonly made: ReadonlyMap<string, GraphNode>;
  private readonly norms: readonly Norm[];

  /** @param shared whether a node uses a parameter that another node uses too */
  constructor(
    { nodes }: Graph,
    private readonly shapes: Shapes,
    private readonly parameters: ParameterShapes,
    private readonly shared: (node: GraphNode) => boolean,
  ) {
    this.readers = readersOf(nodes);
    this.made = new Map(nodes.map((node) => [node.name, node]));
    this.norms = nodes.filter((node): node is Norm => node.operator.kind === 'norm' && !shared(node));
  }

  /** Norms that dense layers read, with these readers. */
  sites(): NormSite[] {
    return this.norms.map((node) => this.site(node)).filter(({ readers }) => readers.length > 0);
  }

  /** Scales and shifts of norms are channels like others (graph-spaces.ts, graph-shifts.ts); this is what norms have besides. */
  symmetries(): Symmetry[] {
    return this.norms.flatMap((node) => {
      const site = this.site(node);
      return [...normKernels(site), ...this.into(node, site)];
    });
  }

  private site({ name, operator }: Norm): NormSite {
    const { channels: width } = this.shapes.get(name)!;
    const readers = (this.readers.get(name) ?? []).flatMap((reader) => {
      if (reader.operator.kind !== 'dense' || this.shared(reader)) return [];
      const { weight, bias } = reader.operator;
      return [{ layer: reader.name, weight, inputAxis: 0 as const, outputs: this.parameters(weight)![1]!, bias }];
    });
    return { layer: name, kind: operator.normalization, width, scale: operator.scale, shift: operator.shift, readers };
  }

  /** The sum that a norm alone reads: its mean is free in each dense layer that writes it; where only such layers do, so are its scale and its basis. */
  private into({ name, inputs, operator: { normalization, epsilon } }: Norm, site: NormSite): Symmetry[] {
    const writers: Writer[] = [];
    let whole = true;
    const waiting = [...inputs];
    while (waiting.length > 0) {
      const node = this.made.get(waiting.pop()!);
      const alone = node !== undefined && this.readers.get(node.name)!.length === 1 && !this.shared(node);
      if (alone && node.operator.kind === 'add' && node.inputs.length === new Set(node.inputs).size) waiting.push(...node.inputs);
      else if (alone && node.operator.kind === 'dense') {
        const { weight, bias } = node.operator;
        writers.push({ name: weight, axis: 1, lines: this.parameters(weight)![0]! }, ...(bias === null ? [] : [{ name: bias, axis: 0, lines: 1 }]));
      } else whole = false;
    }
    if (writers.length === 0) return [];
    if (whole) return normedStream(name, site.width, writers, [site], epsilon, { linear: site.readers.length > 0 && site.readers.length === this.readers.get(name)!.length });
    return normalization === 'layer-norm' ? [streamMeans(name, site.width, writers)] : [];
  }
}
