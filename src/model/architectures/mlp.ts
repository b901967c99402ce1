/** Plain multilayer perceptrons and deep linear chains, from `nn.Sequential`-like names. */
import { naturalCompare } from '../../base/natural';
import type { Checkpoint, TensorEntry } from '../../checkpoint/types';
import type { Ops } from '../../numerics/ops';
import { transpose } from '../../numerics/transpose';
import { ACTIVATION, decide, type Assumption } from '../choices';
import { activate } from '../layers/activations';
import { normalize } from '../layers/norm';
import { readSources, shapesOf, type Source } from '../sources';
import { composed } from '../stages';
import { mlpNormLayers, mlpNorms, mlpSpaces, mlpSymmetries } from '../symmetries/mlp';
import type { Architecture, Choices, Stage as ForwardStage, Model, ModelChoice, Recognition } from '../types';

/** `0.weight`, `net.fc1.bias`, `linears.2.weight`, `dense_1/kernel`, `mlp/~/linear_0/w`; `W1` and `b1` of an npz. */
const SUFFIXED = /^(?:(.*)[./])?(weight|bias|kernel|w|b|running_mean|running_var|num_batches_tracked)$/;
const LETTERED = /^([WwBb])_?(\d+)$/;
/** torch's default for BatchNorm and LayerNorm. */
const EPSILON = 1e-5;

interface Group {
  prefix: string;
  weight?: TensorEntry;
  bias?: TensorEntry;
  mean?: TensorEntry;
  variance?: TensorEntry;
  counter?: TensorEntry;
  /** Stored [in, out], as Keras, Flax and Haiku do. */
  transposed: boolean;
}

interface Dense {
  kind: 'dense';
  name: string;
  group: Group;
  inputs: number;
  outputs: number;
}
interface Norm {
  kind: 'batch-norm' | 'layer-norm' | 'rms-norm';
  group: Group;
}

/** A dense layer and what follows it up to the next one. */
interface Stage {
  dense: Dense;
  norms: Norm[];
  activation: string;
}

export const mlp: Architecture = { key: 'mlp', title: 'plain MLP or deep linear chain', recognise };

async function recognise(checkpoint: Checkpoint, choices: Choices): Promise<Recognition> {
  const groups = group(checkpoint);
  if (typeof groups === 'string') return { missing: groups, matched: 0 };
  const parts = [...groups.values()].sort((a, b) => naturalCompare(a.prefix, b.prefix));
  const chain = order(parts);
  if (typeof chain === 'string') return { missing: chain, matched: 0.5 };
  const { items, transforms } = chain;

  const activation = await decide(checkpoint, choices, ACTIVATION, () => assumeActivation(items));
  const stages: Stage[] = [];
  items.forEach((item, i) => {
    if (item.kind !== 'dense') return void stages.at(-1)!.norms.push(item);
    stages.push({ dense: item, norms: [], activation: 'linear' });
    const next = items.slice(i + 1).find((x) => x.kind === 'dense');
    if (next && hasActivation(items, i)) stages.at(-1)!.activation = activation.value;
  });
  return { model: build(checkpoint, stages, activation, transforms) };
}

/** Tensors by layer, or why they are not an MLP's. */
function group(checkpoint: Checkpoint): Map<string, Group> | string {
  const groups = new Map<string, Group>();
  for (const tensor of checkpoint.tensors.values()) {
    const suffixed = SUFFIXED.exec(tensor.name);
    const lettered = LETTERED.exec(tensor.name);
    if (!suffixed && !lettered) return `'${tensor.name}' is no layer of a plain MLP (expected names such as '0.weight', 'fc1.bias', 'W1')`;
    const prefix = suffixed ? (suffixed[1] ?? suffixed[2]!) : `W${lettered![2]}`;
    const role = suffixed ? suffixed[2]! : lettered![1]!.toLowerCase() === 'w' ? 'weight' : 'bias';
    const entry = groups.get(prefix) ?? { prefix, transposed: false };
    groups.set(prefix, entry);
    if (role === 'weight' || role === 'kernel' || role === 'w') {
      entry.weight = tensor;
      entry.transposed = role !== 'weight';
    } else if (role === 'running_mean') entry.mean = tensor;
    else if (role === 'running_var') entry.variance = tensor;
    else if (role === 'num_batches_tracked') entry.counter = tensor;
    else entry.bias = tensor;
  }
  return groups;
}

/** The layers in order with a chain of widths that fits, or why there is none. */
function order(parts: Group[]): { items: (Dense | Norm)[]; transforms: string[] } | string {
  const dense = parts.filter((g) => g.weight?.shape.length === 2);
  if (dense.length === 0) return 'there is no weight matrix';
  const transforms: string[] = [];
  for (const g of parts) {
    if (!g.weight) return `'${g.prefix}' has no weight`;
    if (g.weight.shape.length > 2) return `'${g.weight.name}' has ${g.weight.shape.length} dimensions; an MLP has matrices`;
    if (g.weight.shape.length === 0) return `'${g.weight.name}' is a scalar`;
  }
  // Names without a kernel suffix do not say their orientation: take [out, in] where it fits, else [in, out].
  const fits = (flip: boolean) =>
    dense.every((g, i) => i === 0 || widths(dense[i - 1]!, flip).outputs === widths(g, flip).inputs);
  const flip = !fits(false) && fits(true);
  if (!flip && !fits(false)) {
    const i = dense.findIndex((g, k) => k > 0 && widths(dense[k - 1]!, false).outputs !== widths(g, false).inputs);
    const [a, b] = [dense[i - 1]!, dense[i]!];
    return `'${a.weight!.name}' gives ${widths(a, false).outputs} values but '${b.weight!.name}' takes ${widths(b, false).inputs}`;
  }
  if (flip) {
    for (const g of dense) g.transposed = !g.transposed;
    transforms.push('weights are stored [in, out]: transposed, because only then do the widths chain');
  } else if (dense.some((g) => g.transposed)) transforms.push('kernels are stored [in, out]: transposed');

  const items: (Dense | Norm)[] = [];
  for (const g of parts) {
    if (g.weight!.shape.length === 2) {
      const { inputs, outputs } = widths(g, false);
      if (g.bias && (g.bias.shape.length !== 1 || g.bias.shape[0] !== outputs)) {
        return `'${g.bias.name}' has shape [${g.bias.shape.join(', ')}]; [${outputs}] was expected`;
      }
      items.push({ kind: 'dense', name: g.prefix, group: g, inputs, outputs });
      continue;
    }
    const before = items.findLast((x) => x.kind === 'dense');
    if (!before || index(g.prefix) === null) return `'${g.weight!.name}' is a vector whose place between the layers the names do not tell`;
    if (g.weight!.shape[0] !== before.outputs) return `'${g.weight!.name}' has width ${g.weight!.shape[0]}, the layer before it ${before.outputs}`;
    const vectors = [g.bias, g.mean, g.variance].filter((v): v is TensorEntry => v !== undefined);
    const odd = vectors.find((v) => v.shape.length !== 1 || v.shape[0] !== before.outputs);
    if (odd) return `'${odd.name}' has shape [${odd.shape.join(', ')}]; [${before.outputs}] was expected`;
    items.push({ kind: g.mean && g.variance ? 'batch-norm' : g.bias ? 'layer-norm' : 'rms-norm', group: g });
  }
  return { items, transforms };
}

function widths(g: Group, flip: boolean): { inputs: number; outputs: number } {
  const [rows, columns] = g.weight!.shape as [number, number];
  return g.transposed !== flip ? { inputs: rows, outputs: columns } : { inputs: columns, outputs: rows };
}

/** The last number of a prefix: the place in a Sequential. */
function index(prefix: string): number | null {
  const digits = /(\d+)$/.exec(prefix);
  return digits ? Number(digits[1]) : null;
}

/** Whether a prefix is only a place in a container (`3`, `net.3`), not a name of its own (`fc3`). */
function isPlace(prefix: string): boolean {
  return /(?:^|[./])\d+$/.test(prefix);
}

function name(item: Dense | Norm): string {
  return item.group.prefix;
}

/** Places between this layer and the next dense one that hold no tensors: where a Sequential keeps its activations. */
function emptyPlaces(items: readonly (Dense | Norm)[], i: number): number {
  const next = items.findIndex((x, k) => k > i && x.kind === 'dense');
  return index(name(items[next]!))! - index(name(items[i]!))! - (next - i);
}

/** Places tell only where at least one of the gaps is open; a ModuleList is numbered without gaps. */
function placesTell(items: readonly (Dense | Norm)[]): boolean {
  const dense = items.flatMap((x, i) => (x.kind === 'dense' ? [i] : []));
  if (!items.every((x) => isPlace(name(x)))) return false;
  return dense.slice(0, -1).some((i) => emptyPlaces(items, i) > 0);
}

function hasActivation(items: readonly (Dense | Norm)[], i: number): boolean {
  return !placesTell(items) || emptyPlaces(items, i) > 0;
}

function assumeActivation(items: readonly (Dense | Norm)[]): Assumption {
  const dense = items.filter((x): x is Dense => x.kind === 'dense');
  if (dense.length === 1) return { value: 'linear', evidence: 'a single layer has no hidden activation', certain: true };
  if (placesTell(items)) {
    const some = dense.slice(0, 3).map((d) => `'${d.name}'`).join(', ');
    return { value: 'relu', evidence: `the gaps between ${some} hide activations whose kind a state dict does not record: ReLU is assumed` };
  }
  if (dense.every((d) => !d.group.bias)) {
    return { value: 'linear', evidence: 'no biases and no gaps between the layers: a deep linear chain is assumed' };
  }
  if (dense.every((d) => /^\d+$/.test(d.name))) {
    return { value: 'linear', evidence: 'a Sequential without gaps holds no activations: linear is assumed' };
  }
  return { value: 'relu', evidence: 'the names do not tell the activation: ReLU is assumed' };
}

function build(checkpoint: Checkpoint, stages: readonly Stage[], activation: ModelChoice, transforms: string[]): Model {
  const first = stages[0]!.dense;
  const last = stages.at(-1)!.dense;
  const tensors = new Map<string, { status: 'analysed' | 'used' | 'buffer'; reason: string | null }>();
  for (const { dense, norms } of stages) {
    tensors.set(dense.group.weight!.name, { status: 'analysed', reason: null });
    if (dense.group.bias) tensors.set(dense.group.bias.name, { status: 'used', reason: `bias of layer ${dense.name}` });
    for (const { kind, group: g } of norms) {
      const reason = `${kind} after layer ${dense.name}, in evaluation mode`;
      for (const t of [g.weight, g.bias, g.mean, g.variance]) if (t) tensors.set(t.name, { status: 'used', reason });
      if (g.counter) tensors.set(g.counter.name, { status: 'buffer', reason: 'a counter that the forward pass does not use' });
    }
  }
  const chain = [first.inputs, ...stages.map((s) => s.dense.outputs)].join(' → ');
  const linear = stages.every((s) => s.activation === 'linear' && s.norms.length === 0);
  const parts = stages.map(partOf);
  const sources = sourcesOf(stages);
  const used = [...new Set(stages.slice(0, -1).map((s) => s.activation))].join(', ');
  return {
    architecture: 'mlp',
    title: linear ? `Linear chain ${chain}` : `MLP ${chain}, ${used}`,
    evidence: [
      `${stages.length} weight ${stages.length === 1 ? 'matrix' : 'matrices'} whose widths chain: ${chain}`,
      ...stages.flatMap((s) => s.norms.map((n) => `${n.kind} at '${n.group.prefix}'`)),
    ],
    transforms,
    tied: checkpoint.shared,
    choices: [activation],
    input: { kind: 'vector', width: first.inputs },
    outputs: last.outputs,
    defaultLoss: 'mse',
    layers: stages.map(({ dense, activation: f }) => ({
      name: dense.name,
      kind: 'linear',
      width: dense.outputs,
      activation: f,
      dense: { weight: `${dense.name}.weight`, inputAxis: 1, bias: dense.group.bias ? `${dense.name}.bias` : null },
    })),
    tensors,
    symmetries: () => mlpSymmetries(stages.map(described), EPSILON),
    spaces: () => mlpSpaces(stages.map(described)),
    norms: () => mlpNorms(stages.map(described)),
    normLayers: () => mlpNormLayers(stages.map(described)),
    staged: { stages: parts, shapes: shapesOf(sources) },
    parameters: (names) => readSources(checkpoint, sources, names),
    forward: composed(parts),
  };
}

/** One dense layer and what follows it, as a part of the forward pass. */
function partOf({ dense, norms, activation }: Stage): ForwardStage {
  return {
    name: dense.name,
    run(ops, weights, stream, batch, sink) {
      if (batch.kind !== 'vector') throw new Error('internal: an MLP takes vectors');
      const input = stream ?? ops.constant(batch.values, [batch.samples, batch.width]);
      let pre = ops.matmul(input, weights(`${dense.name}.weight`), { transposeB: true });
      if (dense.group.bias) pre = ops.add(pre, weights(`${dense.name}.bias`));
      let y = pre;
      for (const norm of norms) y = applyNorm(ops, norm, y, weights);
      const post = activate(ops, activation, y);
      sink(dense.name, { input, bias: dense.group.bias !== undefined, pre, post });
      return post;
    },
  };
}

function described({ dense, norms, activation }: Stage) {
  return {
    name: dense.name,
    weight: `${dense.name}.weight`,
    bias: dense.group.bias ? `${dense.name}.bias` : null,
    inputs: dense.inputs,
    outputs: dense.outputs,
    norms: norms.map(({ kind, group: g }) => ({
      kind,
      scale: `${g.prefix}.weight`,
      shift: g.bias ? `${g.prefix}.bias` : null,
      statistics: kind === 'batch-norm' ? { mean: `${g.prefix}.running_mean`, variance: `${g.prefix}.running_var` } : null,
    })),
    activation,
  };
}

function applyNorm<T>(ops: Ops<T>, norm: Norm, x: T, weights: (name: string) => T): T {
  const { group: g, kind } = norm;
  const scale = weights(`${g.prefix}.weight`);
  const shift = g.bias ? weights(`${g.prefix}.bias`) : null;
  if (kind !== 'batch-norm') return normalize(ops, kind, x, scale, shift, EPSILON);
  const deviation = ops.unary('sqrt', ops.affine(weights(`${g.prefix}.running_var`), 1, EPSILON));
  const y = ops.mul(ops.div(ops.sub(x, weights(`${g.prefix}.running_mean`)), deviation), scale);
  return shift === null ? y : ops.add(y, shift);
}

/** Where the parameters lie: weights [out, in], and the vectors around them. */
function sourcesOf(stages: readonly Stage[]): Map<string, Source> {
  const sources = new Map<string, Source>();
  const vector = (name: string, tensor: TensorEntry | undefined) => {
    if (tensor) sources.set(name, { tensor: tensor.name, shape: tensor.shape });
  };
  for (const { dense, norms } of stages) {
    const { inputs, outputs, group } = dense;
    const arrange = (values: Float32Array | Float64Array) => transpose(values, inputs, outputs);
    sources.set(`${dense.name}.weight`, { tensor: group.weight!.name, shape: [outputs, inputs], ...(group.transposed && { arrange }) });
    vector(`${dense.name}.bias`, group.bias);
    for (const { group: g } of norms) {
      vector(`${g.prefix}.weight`, g.weight);
      vector(`${g.prefix}.bias`, g.bias);
      vector(`${g.prefix}.running_mean`, g.mean);
      vector(`${g.prefix}.running_var`, g.variance);
    }
  }
  return sources;
}
