/** The graph as it grows: nodes with names of their own, parameters and where they lie. */
import { INPUT, type GraphNode, type Operator } from '../graph/graph';
import { emptyLike, matrixSource, type Source } from '../sources';
import type { OnnxNode } from '../../checkpoint/program';
import { activationOf, GRID, lineOf, LONGEST, samplesOf, unknownFunction } from './elementwise';
import { layerName } from './names';
import { channelsOf, pixelsOf, sizeOf, unsupported, type Constant, type Elementwise, type Flow } from './values';

export class GraphBuilder {
  readonly nodes: GraphNode[] = [];
  readonly sources = new Map<string, Source>();
  /** Where the node of a name stands; -1 for the input. */
  private readonly places = new Map<string, number>([[INPUT, -1]]);
  private readonly settled = new WeakMap<Elementwise, Flow>();

  /** @param anyTensor a tensor of the file */
  constructor(private readonly anyTensor: string) {}

  /** @returns the name that it got: `wanted`, or that with a number behind it where another node has it */
  add(wanted: string, inputs: readonly string[], operator: (name: string) => Operator): string {
    let name = wanted;
    for (let i = 2; this.places.has(name); i++) name = `${wanted}_${i}`;
    this.places.set(name, this.nodes.length);
    this.nodes.push({ name, inputs, operator: operator(name) });
    return name;
  }

  replace(name: string, change: (operator: Operator) => Operator): void {
    const at = this.places.get(name)!;
    this.nodes[at] = { ...this.nodes[at]!, operator: change(this.nodes[at]!.operator) };
  }

  /** The operator of a node; undefined for the input. */
  operator(name: string): Operator | undefined {
    return this.nodes[this.places.get(name)!]?.operator;
  }

  /** What the node of a name reads first. */
  inputOf(name: string): string {
    return this.nodes[this.places.get(name)!]!.inputs[0]!;
  }

  /** A parameter [channels], each entry changed as `change` says; a single stored number stands for all. @returns its name */
  vector(name: string, { tensor, shape }: Constant, channels: number, change: ((x: number) => number) | null = null): string {
    const one = sizeOf(shape) === 1;
    const arrange = (values: Float32Array | Float64Array) => {
      const result = change === null ? emptyLike(values, channels) : new Float64Array(channels);
      for (let i = 0; i < channels; i++) result[i] = (change ?? Number)(values[one ? 0 : i]!);
      return result;
    };
    this.sources.set(name, { tensor: tensor.name, shape: [channels], ...(change !== null || (one && channels > 1) ? { arrange } : {}) });
    return name;
  }

  /** factor * x + constant, numbers of the graph, as (x - mean) / sqrt(variance): they are no parameters. The factor is positive. */
  private line(node: OnnxNode, base: Flow, { factor, constant }: { factor: number; constant: number }): Flow {
    const name = this.add(ownName(node), [base.node], (own) => {
      const statistics = { mean: `${own}.running_mean`, variance: `${own}.running_var`, epsilon: 0 };
      this.numbers(statistics.mean, -constant / factor, channelsOf(base));
      this.numbers(statistics.variance, 1 / factor ** 2, channelsOf(base));
      return { kind: 'batch-norm', scale: null, shift: null, statistics };
    });
    return { ...base, node: name };
  }

  /** One number for every channel. It lies in no tensor: one that is read anyway stands in for it. */
  private numbers(name: string, value: number, channels: number): void {
    this.sources.set(name, { tensor: this.anyTensor, shape: [channels], arrange: () => new Float64Array(channels).fill(value) });
  }

  /** A matrix [in, out], times `factor`. @param outputAxis of the constant as it is used @returns its name */
  matrix(name: string, { tensor, transposed }: Constant, outputAxis: 0 | 1, factor = 1): string {
    const plain = matrixSource(tensor.name, tensor.shape, transposed ? (outputAxis === 0 ? 1 : 0) : outputAxis);
    const { shape, arrange = (values) => values } = plain;
    // With a factor it is more than transposed.
    this.sources.set(name, factor === 1 ? plain : { tensor: tensor.name, shape, arrange: (values) => Float64Array.from(arrange(values), (x) => factor * x) });
    return name;
  }

  /** A convolution [out, in / groups, height, width] as [height * width * in / groups, out], the input channel running fastest. @returns its name */
  convolution(name: string, { tensor, shape }: Constant): string {
    const [outputs, inputs, height, width] = shape as [number, number, number, number];
    const pixels = height * width;
    this.sources.set(name, {
      tensor: tensor.name,
      shape: [pixels * inputs, outputs],
      arrange(values) {
        const result = emptyLike(values, values.length);
        let at = 0;
        for (let o = 0; o < outputs; o++) for (let i = 0; i < inputs; i++) for (let p = 0; p < pixels; p++) result[(p * inputs + i) * outputs + o] = values[at++]!;
        return result;
      },
    });
    return name;
  }

  /** A value as a node of the graph: the activation that a function turns out to be, else one node for each part of it. Throws Unsupported. */
  settle(value: Flow | Elementwise): Flow {
    if (value.kind === 'flow') return value;
    const before = this.settled.get(value);
    if (before) return before;
    const flow = this.activation(value, value.base, value.samples) ?? this.settleLast(value);
    this.settled.set(value, flow);
    return flow;
  }

  private settleLast(value: Elementwise): Flow {
    const { made } = value;
    if (made.how === 'of-two') {
      if (made.operator === null || value.depth > LONGEST) throw unknownFunction(made.node);
      return this.combine(made.node, made.operator, made.inputs);
    }
    if (made.input.kind === 'flow' || value.depth > LONGEST) throw unknownFunction(made.node);
    const input = this.settle(made.input);
    const flow = this.activation(value, input, samplesOf(input).map(made.apply));
    if (!flow) throw unknownFunction(made.node);
    return flow;
  }

  private activation({ made }: Elementwise, base: Flow, samples: Float64Array): Flow | null {
    const activation = activationOf(samples);
    if (activation === null) {
      const line = lineOf(samples);
      return line && line.factor > 0 ? this.line(made.node, base, line) : null;
    }
    if (activation === 'linear') return base;
    return { ...base, node: this.add(ownName(made.node), [base.node], () => ({ kind: 'activation', activation })) };
  }

  /** The sum or product of two values of one shape; the product of images and of one number for each of their channels. */
  combine(node: OnnxNode, kind: 'add' | 'multiply', values: readonly (Flow | Elementwise)[]): Flow {
    const flows = values.map((value) => this.settle(value));
    const [a, b] = flows as [Flow, Flow];
    const [whole, factor] = sizeOf(a.shape) >= sizeOf(b.shape) ? [a, b] : [b, a];
    const same = a.form === b.form && a.shape.join() === b.shape.join();
    if (!same && !(kind === 'multiply' && isFactor(factor, whole))) throw unsupported(node, `combines values of shapes [${a.shape.join(', ')}] and [${b.shape.join(', ')}]; only values of one shape, and images with a factor for each of their channels, are combined here`);
    return { ...whole, node: this.add(ownName(node), flows.map((flow) => flow.node), () => ({ kind })) };
  }
}

/** Whether one value has a number for each channel of an image, along the same axis. */
function isFactor(value: Flow, image: Flow): boolean {
  if (image.form === 'vector') return false;
  const [height, width] = pixelsOf({ ...value, form: image.form });
  return value.shape.length === 3 && height * width === 1 && channelsOf(value) === channelsOf(image);
}

/** The name of a node without parameters. */
export function ownName(node: OnnxNode): string {
  return node.name.replace(/^\//, '').replaceAll('/', '.') || layerName(node);
}

/** The function of one value that an operator makes. */
export function ofOne(node: OnnxNode, input: Flow | Elementwise, apply: (x: number) => number): Elementwise {
  return { kind: 'elementwise', base: input.kind === 'flow' ? input : input.base, samples: samplesOf(input).map(apply), made: { how: 'of-one', input, apply, node }, depth: depthOf(input) + 1 };
}

/** The function of one value that an operator makes of two functions of it. */
export function ofTwo(node: OnnxNode, inputs: readonly [Flow | Elementwise, Flow | Elementwise], apply: (x: number, y: number) => number): Elementwise {
  const [a, b] = inputs.map(samplesOf) as [Float64Array, Float64Array];
  const operator = node.op === 'Add' ? 'add' : node.op === 'Mul' ? 'multiply' : null;
  const samples = GRID.map((_, i) => apply(a[i]!, b[i]!));
  return { kind: 'elementwise', base: inputs[0].kind === 'flow' ? inputs[0] : inputs[0].base, samples, made: { how: 'of-two', inputs, operator, node }, depth: Math.max(...inputs.map(depthOf)) + 1 };
}

/** Operators in a row that make it. */
export function depthOf(value: Flow | Elementwise): number {
  return value.kind === 'flow' ? 0 : value.depth;
}
