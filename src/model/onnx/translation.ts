/** The state of one reading of an ONNX graph, and the ways in which operators ask for their inputs. */
import type { OnnxNode, OnnxProgram } from '../../checkpoint/program';
import type { Checkpoint } from '../../checkpoint/types';
import { GraphBuilder } from './builder';
import { isMoving, sizeOf, unsupported, type Constant, type Elementwise, type Flow, type Value } from './values';

/** Constants of shapes and scalars have a few elements. */
const FEW = 64;

export class Translation {
  readonly builder: GraphBuilder;
  readonly values = new Map<string, Value>();
  /** Tensors whose elements were read as numbers of the graph. */
  readonly numbers = new Set<string>();
  /** What was done to the graph, as sentences. */
  readonly transforms = new Set<string>();
  /** The softmax that was left out, if one was. */
  softmax: OnnxNode | null = null;

  constructor(
    readonly program: OnnxProgram,
    readonly checkpoint: Checkpoint,
    /** What reads each value. */
    readonly readers: ReadonlyMap<string, readonly OnnxNode[]>,
    /** The output that is computed. */
    readonly output: string,
    /** Samples of a batch, where the graph is made for one number of them. */
    readonly batch: number | null,
  ) {
    this.builder = new GraphBuilder(checkpoint.tensors.keys().next().value ?? '');
  }

  /** The one node that reads a value; null where there are several, or where it is an output. */
  onlyReader(name: string): OnnxNode | null {
    const readers = this.readers.get(name);
    return readers?.length === 1 && name !== this.output ? readers[0]! : null;
  }

  /** An input of a node; null where it is left out. */
  value(node: OnnxNode, i: number): Value | null {
    const name = node.inputs[i] ?? '';
    if (name === '') return null;
    const value = this.values.get(name) ?? this.constantNamed(name);
    if (!value) throw unsupported(node, `reads '${name}', which no earlier node, tensor or input gives`);
    return value;
  }

  /** An input that has to be there. */
  some(node: OnnxNode, i: number): Value {
    const value = this.value(node, i);
    if (value === null) throw unsupported(node, `has no input ${i + 1}`);
    return value;
  }

  /** An input that depends on the samples. */
  moving(node: OnnxNode, i: number): Flow | Elementwise {
    const value = this.some(node, i);
    if (isMoving(value)) return value;
    throw unsupported(node, `reads '${node.inputs[i]}', a constant, where a value of the samples was expected`);
  }

  /** The same, as a node of the graph. */
  flow(node: OnnxNode, i: number): Flow {
    return this.builder.settle(this.moving(node, i));
  }

  /** An input that is a tensor of the file; null where it is left out. */
  constant(node: OnnxNode, i: number): Constant | null {
    const value = this.value(node, i);
    if (value === null || value.kind === 'constant') return value;
    throw unsupported(node, `reads '${node.inputs[i]}', which is computed, where a tensor of the file was expected`);
  }

  /** A tensor of the file of this rank. */
  tensor(node: OnnxNode, i: number, rank: number): Constant {
    const constant = this.constant(node, i);
    if (constant?.shape.length === rank) return constant;
    throw unsupported(node, constant ? `reads '${constant.tensor.name}' of shape [${constant.shape.join(', ')}]; ${rank} dimensions were expected` : `has no input ${i + 1}, a tensor of the file`);
  }

  /** The one number that an input is; null where it is more, or depends on the samples. */
  async scalar(value: Value | null): Promise<number | null> {
    if (value?.kind === 'scalar') return value.value;
    if (value?.kind === 'sizes') return value.sizes.length === 1 ? value.sizes[0]! : null;
    if (value?.kind !== 'constant' || sizeOf(value.shape) !== 1) return null;
    return (await this.elements(value))[0]!;
  }

  /** The integers that an input is; null where it is none of a few. */
  async integers(value: Value | null): Promise<readonly (number | null)[] | null> {
    if (value?.kind === 'sizes') return value.sizes;
    if (value?.kind !== 'constant' || value.shape.length > 1 || sizeOf(value.shape) > FEW || !/^[iu]/.test(value.tensor.dtype)) return null;
    return [...(await this.elements(value))];
  }

  /** The numbers that an input is; null where it is none of a few. */
  async reals(value: Value | null): Promise<readonly number[] | null> {
    if (value?.kind !== 'constant' || value.shape.length > 1 || sizeOf(value.shape) > FEW) return null;
    return [...(await this.elements(value))];
  }

  private async elements({ tensor }: Constant): Promise<ArrayLike<number> & Iterable<number>> {
    this.numbers.add(tensor.name);
    // Integers of 64 bits are rounded beyond 2^53: ends of slices are the largest that there are.
    return tensor.dtype === 'i64' ? Float64Array.from(new BigInt64Array((await tensor.bytes()).slice().buffer), Number) : tensor.values();
  }

  private constantNamed(name: string): Constant | null {
    const tensor = this.checkpoint.tensors.get(name);
    return tensor ? { kind: 'constant', tensor, shape: tensor.shape, transposed: false } : null;
  }
}

/** What an operator makes of its inputs. Throws Unsupported. */
export type Rule = (t: Translation, node: OnnxNode) => Value | Promise<Value>;
