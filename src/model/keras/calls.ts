/**
 * The computation that a Keras config describes, as a flat list of layer calls in an order in which they can run. Sequential and Functional models
 * (and either inside the other) carry it; the history of a tensor is [layer, call, output], in Keras 2 in lists, in Keras 3 beside "__keras_tensor__".
 */
import { quoted } from '../../checkpoint/refusal';
import type { Json } from '../../checkpoint/strict-json';
import { NotRun, numberOf, Settings } from './settings';

const MAX_CALLS = 20_000;
const MAX_NESTING = 20;

export interface Call {
  /** Unique: the layer's name, behind those of the models that it is in; from the second call on with its number. */
  readonly name: string;
  readonly layer: string;
  /** The class: 'Dense'. */
  readonly kind: string;
  readonly settings: Settings;
  /** Names of earlier calls, or INPUT. */
  readonly inputs: readonly string[];
  /** The number that an operation reads beside one value, and whether it stands behind it: x + 3. */
  readonly number: { readonly value: number; readonly behind: boolean } | null;
  /** Calls of the same layer in the model. */
  readonly uses: number;
}

export interface Computation {
  readonly title: string;
  /** Sizes of one sample; null where one is open. */
  readonly input: readonly (number | null)[];
  readonly calls: readonly Call[];
  /** Name of the call whose value is the output; of several calls that do nothing it may be INPUT. */
  readonly output: string;
  /** What it was compiled with, where the file says. */
  readonly loss: string | null;
}

const INPUT = '';
const CONTAINERS = ['Sequential', 'Functional', 'Model'];

/** Throws NotRun. */
export function readCalls(config: Json): Computation {
  const model = Settings.of(config, 'the model');
  const kind = model.text('class_name') ?? 'model without a class';
  if (!CONTAINERS.includes(kind)) throw new NotRun(`its class ${quoted(kind)} is written in Python and not in the file: only Sequential and Functional models carry their computation`);
  const reading = new Reading();
  const output = reading.model(model, INPUT, '', 0);
  if (reading.input === null) throw new NotRun('it does not say what shape its input has. Build the model before it is saved: model.build(input_shape)');
  const name = model.inner('config').text('name');
  const loss = model.inner('compile_config').get('loss');
  return {
    title: `Keras ${kind === 'Model' ? 'Functional' : kind}${name === null ? '' : ` ${quoted(name)}`}`,
    input: reading.input, calls: reading.calls, output,
    loss: typeof loss === 'string' ? loss : Settings.of(loss, '').text('class_name'),
  };
}

interface Layer {
  readonly kind: string;
  readonly name: string;
  readonly entry: Settings;
  readonly settings: Settings;
}

function layerOf(entry: Json): Layer {
  const plain = Settings.of(entry, 'a layer');
  const kind = plain.text('class_name') ?? 'no class';
  const name = plain.inner('config').text('name') ?? plain.text('name') ?? kind;
  const module = plain.text('module');
  const subject = `layer ${quoted(name)} (${kind})`;
  if (module !== null && !/^(tf_)?keras(\.|$)|^tensorflow\.|^builtins$/.test(module)) throw new NotRun(`${subject} is a class of its own, written in Python and not in the file`);
  return { kind, name, entry: plain, settings: Settings.of(plain.get('config'), subject) };
}

class Reading {
  readonly calls: Call[] = [];
  input: (number | null)[] | null = null;
  private readonly names = new Set<string>();

  /** The calls of a model on one value. @returns the name of its output */
  model(model: Settings, input: string, prefix: string, depth: number): string {
    if (depth > MAX_NESTING) throw new NotRun(`it nests more than ${MAX_NESTING} models in each other`);
    return model.text('class_name') === 'Sequential' ? this.sequential(model, input, prefix, depth) : this.functional(model, input, prefix, depth);
  }

  private sequential(model: Settings, input: string, prefix: string, depth: number): string {
    const stated = model.get('config');
    const config = model.inner('config');
    // Keras 1 and early TensorFlow.js wrote the list alone.
    const layers = (Array.isArray(stated) ? stated : config.list('layers')).map(layerOf);
    let value = input;
    for (const [i, layer] of layers.entries()) {
      if (i === 0) this.take(layer, config.get('build_input_shape'));
      if (layer.kind !== 'InputLayer') value = this.call(layer, [value], prefix, depth, 1, 1);
    }
    return value;
  }

  private functional(model: Settings, input: string, prefix: string, depth: number): string {
    const config = model.inner('config');
    const layers = new Map(config.list('layers').map(layerOf).map((layer) => [layer.name, layer]));
    const [from, to] = [historiesIn(config.get('input_layers')), historiesIn(config.get('output_layers'))];
    if (from.length !== 1 || to.length !== 1) throw new NotRun(`${model.subject} has ${from.length} inputs and ${to.length} outputs; models with one of each are run`);
    const source = layers.get(from[0]!.layer) ?? missing(from[0]!.layer);
    this.take(source, null);
    const keyOf = ({ layer, call }: History) => `${call}:${layer}`;
    const values = new Map<string, string>([[keyOf(from[0]!), input]]);
    const uses = countUses(layers.values());
    // Depth first from the output, without recursion: what it does not depend on is left out.
    const open: History[] = [to[0]!];
    const entered = new Set<string>();
    while (open.length > 0) {
      const next = open.at(-1)!;
      if (values.has(keyOf(next))) {
        open.pop();
        continue;
      }
      const layer = layers.get(next.layer) ?? missing(next.layer);
      const inputs = inputsOf(layer, next.call);
      const waiting = inputs.filter((history) => !values.has(keyOf(history)));
      if (waiting.length === 0) {
        values.set(keyOf(next), this.call(layer, inputs.map((history) => values.get(keyOf(history))!), prefix, depth, next.call + 1, uses.get(layer.name)!, numberBeside(layer, next.call)));
        open.pop();
      } else if (entered.has(keyOf(next))) throw new NotRun(`${layer.settings.subject} depends on itself`);
      else {
        entered.add(keyOf(next));
        for (const history of waiting.reverse()) open.push(history);
      }
    }
    return values.get(keyOf(to[0]!))!;
  }

  private call({ kind, name, entry, settings }: Layer, inputs: string[], prefix: string, depth: number, which: number, uses: number, number: Call['number'] = null): string {
    const own = prefix + name + (which > 1 ? `:${which}` : '');
    if (CONTAINERS.includes(kind)) {
      if (inputs.length !== 1) throw new NotRun(`${settings.subject} reads ${inputs.length} values; models with one input are run`);
      return this.model(entry, inputs[0]!, `${own}/`, depth + 1);
    }
    if (this.calls.length >= MAX_CALLS) throw new NotRun(`it has more than ${MAX_CALLS} layers`);
    if (this.names.has(own)) throw new NotRun(`it has two layers called ${quoted(own)}`);
    this.names.add(own);
    this.calls.push({ name: own, layer: name, kind, settings, inputs, number, uses });
    return own;
  }

  /** The shape of a sample, where the outermost model begins. */
  private take({ kind, entry, settings }: Layer, built: Json): void {
    if (this.input !== null) return;
    const stated = [settings.get('batch_shape'), settings.get('batch_input_shape'), built, entry.inner('build_config').get('input_shape')].find(Array.isArray) as Json[] | undefined;
    if (stated) this.input = stated.slice(1).map(numberOf);
    else if (CONTAINERS.includes(kind)) {
      const inner = entry.inner('config').list('layers');
      if (inner.length > 0) this.take(layerOf(inner[0]!), entry.inner('config').get('build_input_shape'));
    }
  }
}

interface History {
  readonly layer: string;
  /** From 0 on. */
  readonly call: number;
}

function missing(layer: string): never {
  throw new NotRun(`its layer ${quoted(layer)} is named but not in its config`);
}

/** Every [layer, call, output, …] in nested lists, and in the arguments of Keras 3. */
function historiesIn(value: Json): History[] {
  const found: History[] = [];
  const waiting: Json[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop()!;
    if (Array.isArray(next)) {
      const [layer, call, output] = next;
      if (typeof layer === 'string' && typeof call === 'number' && typeof output === 'number') {
        if (output !== 0) throw new NotRun(`output ${output} of its layer ${quoted(layer)} is read; layers with one output are run`);
        found.push({ layer, call });
      } else for (let i = next.length - 1; i >= 0; i--) waiting.push(next[i]!);
    } else if (next instanceof Map) {
      const history = next.get('class_name') === '__keras_tensor__' ? Settings.of(next.get('config'), '').get('keras_history') : null;
      for (const inner of history === null ? [...next.values()].reverse() : [history]) waiting.push(inner);
    }
  }
  return found;
}

function countUses(layers: Iterable<Layer>): Map<string, number> {
  return new Map([...layers].map(({ name, entry }) => [name, entry.list('inbound_nodes').length]));
}

/** What a layer is called with. */
function argumentsOf({ entry, settings }: Layer, call: number): { args: Json; numbers: readonly (number | null)[] } {
  const nodes = entry.list('inbound_nodes');
  // A layer that also belongs to another model counts its calls from there on.
  const node = nodes[call] ?? (nodes.length === 1 ? nodes[0] : undefined);
  if (node === undefined) throw new NotRun(`${settings.subject} is read but never called`);
  const args = node instanceof Map ? (node.get('args') ?? null) : node;
  return { args, numbers: node instanceof Map && Array.isArray(args) ? args.map(numberOf) : [] };
}

/** The number among two arguments. */
function numberBeside(layer: Layer, call: number): Call['number'] {
  const { numbers } = argumentsOf(layer, call);
  const at = numbers.findIndex((value) => value !== null);
  if (at < 0) return null;
  if (numbers.length !== 2 || numbers[1 - at] !== null) throw new NotRun(`${layer.settings.subject} reads ${numbers.length} arguments with constants among them; one value and one number were expected`);
  return { value: numbers[at]!, behind: at === 1 };
}

function inputsOf(layer: Layer, call: number): History[] {
  const { settings } = layer;
  const { args } = argumentsOf(layer, call);
  const histories = historiesIn(args);
  if (histories.length === 0) throw new NotRun(`${settings.subject} reads no value of the model`);
  return histories;
}
