/** A graph in the making: nodes, where their parameters lie, and what each call of the Keras model became. */
import type { KerasProgram } from '../../checkpoint/program';
import type { Checkpoint } from '../../checkpoint/types';
import { INPUT, nodesUpTo, type GraphInput, type GraphNode, type Operator } from '../graph/graph';
import { shapeOfInput, shapeOfNode, type ValueShape } from '../graph/shapes';
import type { Source } from '../sources';
import type { Call } from './calls';
import { NotRun } from './settings';

const FLOAT = /^(f|bf)\d/;

export class Builder {
  readonly sources = new Map<string, Source>();
  /** Whether a softmax was left out at the end. */
  probabilities = false;
  private readonly made = new Map<string, GraphNode>();
  private readonly shapes: Map<string, ValueShape>;
  /** Node of the value of each call. */
  private readonly values = new Map<string, string>([[INPUT, INPUT]]);

  constructor(
    private readonly checkpoint: Checkpoint,
    private readonly program: KerasProgram,
    readonly input: GraphInput,
    private readonly output: string,
  ) {
    this.shapes = new Map([[INPUT, shapeOfInput(input)]]);
  }

  /** Those that the output depends on. */
  get nodes(): readonly GraphNode[] {
    return nodesUpTo([...this.made.values()], this.values.get(this.output)!);
  }

  /** Whether functions are those of Keras 2 and of TensorFlow.js, where their names mean others today. */
  get old(): boolean {
    return !(this.checkpoint.metadata.get('keras_version') ?? '').startsWith('3');
  }

  /** Whether this call gives the output of the model. */
  isLast(call: Call): boolean {
    return call.name === this.output;
  }

  /** The value that a call gives. */
  give(call: Call, node: string): void {
    this.values.set(call.name, node);
  }

  /** The one value that a call reads. */
  one(call: Call): string {
    call.settings.expect(call.inputs.length === 1, `reads ${call.inputs.length} values; one was expected`);
    return this.all(call)[0]!;
  }

  /** The values that a call reads. */
  all(call: Call): string[] {
    return call.inputs.map((name) => this.values.get(name)!);
  }

  emit(name: string, inputs: readonly string[], operator: Operator): string {
    const node = { name, inputs, operator };
    this.shapes.set(name, shapeOfNode(node, this.input, this.shapes, (parameter) => this.sources.get(parameter)?.shape));
    this.made.set(name, node);
    return name;
  }

  shapeOf(node: string): ValueShape {
    return this.shapes.get(node)!;
  }

  /** The node of a name; undefined for the input. */
  node(name: string): GraphNode | undefined {
    return this.made.get(name);
  }

  /**
   * A parameter of a layer.
   * @param role its names, the usual one first: they end the parameter's own
   * @param index its place among the layer's variables, where the file only counts them
   * @param arrange stored shape -> shape in which it is used; null where it does not fit
   */
  parameter(call: Call, role: readonly string[], index: number, as: string, arrange: (stored: readonly number[]) => readonly number[] | null): string {
    const { settings, layer, uses } = call;
    settings.expect(uses <= 1, `is called ${uses} times: layers with weights of their own are run once`);
    const variables = this.program.variables.get(layer) ?? [];
    const found = variables.find((variable, i) => (variable.role === null ? i === index : role.includes(variable.role)));
    const tensor = found && this.checkpoint.tensors.get(found.tensor);
    if (!tensor) throw new NotRun(`${settings.subject} has no weight "${role[0]}" in the file`);
    settings.expect(FLOAT.test(tensor.dtype), `keeps its "${role[0]}" as ${tensor.dtype}: quantised layers are not run`);
    const shape = arrange(tensor.shape);
    if (shape === null) throw new NotRun(`${settings.subject} has a "${role[0]}" of shape [${tensor.shape.join(', ')}], which does not fit`);
    const name = `${call.name}/${as}`;
    this.sources.set(name, { tensor: tensor.name, shape });
    return name;
  }

  vector(call: Call, role: readonly string[], index: number, as: string): string {
    return this.parameter(call, role, index, as, (stored) => (stored.length === 1 ? stored : null));
  }

  /** A constant of the config, a number for each channel. */
  constant(call: Call, as: string, values: readonly number[]): string {
    const name = `${call.name}/${as}`;
    const [beside] = this.checkpoint.tensors.keys();
    if (beside === undefined) throw new NotRun('the file holds no weights');
    // It lies in no tensor: one that is read anyway stands in for it.
    this.sources.set(name, { tensor: beside, shape: [values.length], arrange: () => Float64Array.from(values) });
    return name;
  }
}
