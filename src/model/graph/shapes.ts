/** What flows along a graph: the channels and pixels of every value, or the sentence that says which node does not fit. */
import { InputError } from '../../base/errors';
import { activationNamed } from '../layers/activations';
import { INPUT, type Graph, type GraphInput, type GraphNode, type Padding, type Window } from './graph';

/** Vectors [n, channels]; images [n * height * width, channels], row by row; sequences of tokens [n * positions, channels]. */
export type ValueShape =
  | { readonly kind: 'vector' | 'sequence'; readonly channels: number }
  | { readonly kind: 'image'; readonly channels: number; readonly height: number; readonly width: number };

export type Image = Extract<ValueShape, { kind: 'image' }>;

/** Shapes of parameters by name; undefined where there is no such parameter. */
export type ParameterShapes = (name: string) => readonly number[] | undefined;

/** The shape of every value by the name of its node, `INPUT` among them. */
export type Shapes = ReadonlyMap<string, ValueShape>;

/** Values of one sample at most, and places of all windows on one image: beyond that no array holds them. */
const [MOST_VALUES, MOST_PLACES] = [2 ** 30, 2 ** 27];

/** Values of one sample. */
export function sizeOfValue(shape: ValueShape): number {
  return shape.channels * pixelsOf(shape);
}

/** Rows per sample; 1 for a sequence, whose positions are those of the batch. */
export function pixelsOf(shape: ValueShape): number {
  return shape.kind === 'image' ? shape.height * shape.width : 1;
}

/** 'images of 3 x 32 x 32'. */
export function showValue(shape: ValueShape): string {
  if (shape.kind === 'image') return `images of ${shape.channels} x ${shape.height} x ${shape.width}`;
  return `${shape.kind === 'vector' ? 'vectors' : 'sequences'} of width ${shape.channels}`;
}

/** @throws InputError `graph`, naming the node, where something does not fit. */
export function shapesOf({ input, nodes }: Graph, parameters: ParameterShapes): Shapes {
  const shapes = new Map<string, ValueShape>([[INPUT, shapeOfInput(input)]]);
  for (const node of nodes) shapes.set(node.name, shapeOfNode(node, input, shapes, parameters));
  if (nodes.length === 0) throw new InputError('graph', 'The graph has no nodes: there is nothing to run.');
  return shapes;
}

export function shapeOfInput(input: GraphInput): ValueShape {
  if (input.kind === 'vector') return { kind: 'vector', channels: input.width };
  if (input.kind === 'image') return { kind: 'image', channels: input.channels, height: input.height, width: input.width };
  // Token ids: only an embedding reads them.
  return { kind: 'sequence', channels: 1 };
}

/** What a node makes of the values before it. @throws InputError `graph` */
export function shapeOfNode(node: GraphNode, input: GraphInput, shapes: Shapes, parameters: ParameterShapes): ValueShape {
  if (shapes.has(node.name)) throw misfit(node, 'has a name that another node has');
  const inputs = node.inputs.map((name) => shapes.get(name) ?? fail(node, `reads '${name}', which no earlier node gives`));
  const many = node.operator.kind === 'add' || node.operator.kind === 'multiply' || node.operator.kind === 'concat';
  if (many ? inputs.length < 1 : inputs.length !== 1) throw misfit(node, `reads ${inputs.length} values`);
  const tokens = input.kind === 'tokens' && node.inputs.includes(INPUT);
  if (tokens !== (node.operator.kind === 'embedding')) throw misfit(node, tokens ? 'reads token ids, which only an embedding does' : 'looks tokens up in what is not token ids');
  const shape = shapeOf(node, inputs, new Expecting(node, parameters));
  if (sizeOfValue(shape) > MOST_VALUES) throw misfit(node, `makes ${showValue(shape)}, more than is computed here`);
  return shape;
}

/** Sizes of what a window gives, [height, width]; null where it does not fit into the image. */
export function windowOutput({ height, width }: Image, { kernel, stride, padding }: Window, dilation: readonly [number, number] = [1, 1]): [number, number] | null {
  const along = (size: number, before: number, after: number, axis: 0 | 1) => Math.floor((size + before + after - dilation[axis] * (kernel[axis] - 1) - 1) / stride[axis]) + 1;
  const output: [number, number] = [along(height, padding[0], padding[2], 0), along(width, padding[1], padding[3], 1)];
  return Math.min(...output) >= 1 ? output : null;
}

function shapeOf(node: GraphNode, inputs: readonly ValueShape[], expect: Expecting): ValueShape {
  const { operator } = node;
  const x = inputs[0]!;
  const image = () => (x.kind === 'image' ? x : fail(node, `takes images, and gets ${showValue(x)}`));
  const windowed = (window: Window, channels: number, dilation?: readonly [number, number]): ValueShape => {
    const sizes = windowOutput(image(), window, dilation) ?? fail(node, `has a window of ${window.kernel.join(' x ')} pixels, which does not fit into ${showValue(x)}`);
    if (sizes[0] * sizes[1] * window.kernel[0] * window.kernel[1] > MOST_PLACES) throw misfit(node, `has ${sizes.join(' x ')} windows of ${window.kernel.join(' x ')} pixels, more than is computed here`);
    return { kind: 'image', channels, height: sizes[0], width: sizes[1] };
  };
  switch (operator.kind) {
    case 'dense': {
      const channels = expect.matrix(operator.weight, x.channels);
      if (operator.bias !== null) expect.vector(operator.bias, channels);
      return { ...x, channels };
    }
    case 'conv': {
      const { weight, bias, kernel, groups, dilation } = operator;
      if (image().channels % groups !== 0) throw misfit(node, `splits ${x.channels} channels into ${groups} groups, which does not come out even`);
      const channels = expect.matrix(weight, (kernel[0] * kernel[1] * x.channels) / groups);
      if (channels % groups !== 0) throw misfit(node, `gives ${channels} channels from ${groups} groups, which does not come out even`);
      if (bias !== null) expect.vector(bias, channels);
      return windowed(operator, channels, dilation);
    }
    case 'batch-norm':
      for (const name of [operator.scale, operator.shift, operator.statistics?.mean, operator.statistics?.variance]) if (name != null) expect.vector(name, x.channels);
      return x;
    case 'norm':
      for (const name of [operator.scale, operator.shift]) if (name !== null) expect.vector(name, x.channels);
      return x;
    case 'activation':
      if (activationNamed(operator.activation) === null) throw misfit(node, `is the function '${operator.activation}', which is not computed here`);
      return x;
    case 'max-pool':
    case 'average-pool': {
      const { kernel, padding } = operator;
      if (padding.some((p, side) => p >= kernel[side % 2]!)) throw misfit(node, `pads ${Math.max(...padding)} pixels around a window of ${kernel.join(' x ')}: some windows would be empty`);
      return windowed(operator, x.channels);
    }
    case 'global-average-pool':
      return { kind: 'vector', channels: image().channels };
    case 'flatten':
      return x.kind === 'vector' ? x : { kind: 'vector', channels: sizeOfValue(image()) };
    case 'to-image': {
      const { height, width } = operator;
      if (x.kind !== 'vector' || x.channels % (height * width) !== 0) throw misfit(node, `makes images of ${height} x ${width} pixels of ${showValue(x)}`);
      return { kind: 'image', channels: x.channels / (height * width), height, width };
    }
    case 'pad':
      return windowed(padded(operator.padding), x.channels);
    case 'upsample': {
      const { height, width } = image();
      return { kind: 'image', channels: x.channels, height: height * operator.factors[0], width: width * operator.factors[1] };
    }
    case 'multiply': {
      const whole = inputs.reduce((largest, value) => (pixelsOf(value) > pixelsOf(largest) ? value : largest));
      for (const value of inputs) {
        const factor = pixelsOf(value) === 1 && whole.kind === 'image' && value.kind !== 'sequence';
        if (value.channels !== whole.channels || !(sameRows(value, whole) || factor)) throw misfit(node, `combines ${showValue(whole)} with ${showValue(value)}`);
      }
      return whole;
    }
    case 'add':
      for (const other of inputs) if (!sameRows(x, other) || x.channels !== other.channels) throw misfit(node, `combines ${showValue(x)} with ${showValue(other)}`);
      return x;
    case 'concat':
      for (const other of inputs) if (!sameRows(x, other)) throw misfit(node, `joins ${showValue(x)} with ${showValue(other)}`);
      return { ...x, channels: inputs.reduce((sum, { channels }) => sum + channels, 0) };
    case 'embedding':
      return { kind: 'sequence', channels: expect.matrix(operator.table, null) };
  }
}

/** The window that leaves an image as it is, but for its padding. */
export function padded(padding: Padding): Window {
  return { kernel: [1, 1], stride: [1, 1], padding };
}

function sameRows(a: ValueShape, b: ValueShape): boolean {
  if (a.kind === 'image') return b.kind === 'image' && a.height === b.height && a.width === b.width;
  return a.kind === b.kind;
}

/** Parameters of a node with the shapes that it needs. */
class Expecting {
  constructor(
    private readonly node: GraphNode,
    private readonly parameters: ParameterShapes,
  ) {}

  /** @returns the second axis of [rows, ·] */
  matrix(name: string, rows: number | null): number {
    const shape = this.shape(name);
    if (shape.length !== 2 || (rows !== null && shape[0] !== rows)) throw misfit(this.node, `reads '${name}' of shape [${shape.join(', ')}] where [${rows ?? '·'}, ·] was expected`);
    return shape[1]!;
  }

  vector(name: string, length: number): void {
    const shape = this.shape(name);
    if (shape.length !== 1 || shape[0] !== length) throw misfit(this.node, `reads '${name}' of shape [${shape.join(', ')}] where [${length}] was expected`);
  }

  private shape(name: string): readonly number[] {
    return this.parameters(name) ?? fail(this.node, `reads '${name}', which is no parameter`);
  }
}

function misfit({ name, operator }: GraphNode, what: string): InputError {
  return new InputError('graph', `Node '${name}' (${operator.kind}) ${what}.`, { tensor: name });
}

function fail(node: GraphNode, what: string): never {
  throw misfit(node, what);
}
