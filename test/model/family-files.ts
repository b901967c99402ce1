/** The small random models of test/fixtures/make_families.py, make_families2.py and make_families3.py. */
import { join } from 'node:path';
import { openFiles } from '../../src/checkpoint/open';
import type { Checkpoint } from '../../src/checkpoint/types';
import { walkFiles } from '../../src/cli/file-source';
import { mergeAdapters } from '../../src/model/adapters';
import { recogniseModel } from '../../src/model/recognise';
import type { Model } from '../../src/model/types';
import type { Probe } from '../../src/probe/types';
import { fixtureProbe, FIXTURES } from './fixture';

export const FOLDER = join(FIXTURES, 'families');

/** One file or folder, or a base and its adapter: one drop. */
export type Paths = string | readonly string[];

export async function familyCheckpoint(paths: Paths): Promise<Checkpoint> {
  const opened = await openFiles((await walkFiles([paths].flat().map((path) => join(FOLDER, path)))).files);
  const checkpoints = await mergeAdapters(opened.checkpoints);
  if (checkpoints.length !== 1) throw new Error([...opened.refusals.map((r) => r.message), ...checkpoints.flatMap(({ warnings }) => warnings)].join('; '));
  return checkpoints[0]!;
}

export async function modelOf(checkpoint: Checkpoint): Promise<Model> {
  const verdict = await recogniseModel(checkpoint, {});
  if (!verdict.model) throw new Error(verdict.sentence);
  return verdict.model;
}

export interface Family {
  readonly name: string;
  readonly path: string;
  readonly architecture: string;
  /** Tensors that the audit leaves out: those of a further layer; null where all are taken. */
  readonly layer: RegExp | null;
  /** Choices as they are read from the files. */
  readonly sizes: Readonly<Record<string, string>>;
  readonly tied: boolean;
  /** Choices that the files do not say. */
  readonly assumed?: readonly string[];
}

const encoder = { heads: '2', activation: 'relu', attention: 'bidirectional' };

export const FIRST: readonly Family[] = [
  { name: 'gpt2', path: 'gpt2', architecture: 'gpt2', layer: /\.h\.1\./, sizes: { heads: '2', activation: 'gelu_new' }, tied: true },
  { name: 'nanogpt', path: 'nanogpt.pt', architecture: 'gpt2', layer: /\.h\.1\./, sizes: { heads: '2', activation: 'gelu' }, tied: true, assumed: ['activation'] },
  { name: 'gpt-neox', path: 'gpt-neox', architecture: 'gpt-neox', layer: /\.layers\.1\./, sizes: { heads: '1', activation: 'gelu' }, tied: false },
  { name: 'llama', path: 'llama', architecture: 'llama', layer: /\.layers\.1\./, sizes: { heads: '2', activation: 'silu' }, tied: false },
  { name: 'mistral', path: 'mistral', architecture: 'llama', layer: /\.layers\.1\./, sizes: { heads: '2', activation: 'silu' }, tied: false },
  { name: 'qwen2', path: 'qwen2', architecture: 'llama', layer: /\.layers\.1\./, sizes: { heads: '2', activation: 'silu' }, tied: true },
  { name: 'torch-encoder', path: 'torch-encoder.pt', architecture: 'torch-encoder', layer: /\.layers\.1\./, sizes: { ...encoder, 'norm-position': 'post' }, tied: false, assumed: ['activation', 'attention'] },
  { name: 'torch-encoder-pre', path: 'torch-encoder-pre.pt', architecture: 'torch-encoder', layer: /\.layers\.1\./, sizes: { ...encoder, 'norm-position': 'pre' }, tied: false, assumed: ['activation', 'attention'] },
  { name: 'bert', path: 'bert', architecture: 'bert', layer: /\.layer\.1\./, sizes: { heads: '2', activation: 'gelu' }, tied: true },
  // The queries of a single layer would see one class token alone: these are taken whole.
  { name: 'vit', path: 'vit', architecture: 'vit', layer: null, sizes: { heads: '2', activation: 'gelu' }, tied: false },
  { name: 'timm-vit', path: 'timm-vit', architecture: 'timm-vit', layer: null, sizes: { heads: '2', activation: 'gelu', pooling: 'token' }, tied: false, assumed: ['activation'] },
];

const gated = { architecture: 'llama', layer: /\.layers\.1\./, tied: false };

export const DECODERS: readonly Family[] = [
  { ...gated, name: 'qwen3', path: 'qwen3', sizes: { heads: '2', activation: 'silu' } },
  { ...gated, name: 'llama3', path: 'llama3', sizes: { heads: '2', activation: 'silu' } },
  { ...gated, name: 'gemma', path: 'gemma', sizes: { heads: '2', activation: 'gelu_new' }, tied: true },
  { ...gated, name: 'phi3', path: 'phi3', sizes: { heads: '2', activation: 'silu' } },
  { ...gated, name: 'phi3-long', path: 'phi3-long', sizes: { heads: '2', activation: 'silu' } },
];

export const GEMMAS: readonly Family[] = [
  { ...gated, name: 'gemma2', path: 'gemma2', sizes: { heads: '2', activation: 'gelu_new' }, tied: true },
  { ...gated, name: 'gemma3', path: 'gemma3', sizes: { heads: '2', activation: 'gelu_new' }, tied: true },
];

// What is pooled sees the queries of the last layer at one position: these are taken whole.
const pooled = { layer: null, sizes: { heads: '2', activation: 'gelu' }, tied: false };

export const CLASSIFIERS: readonly Family[] = [
  { ...pooled, name: 'bert-classifier', path: 'bert-classifier', architecture: 'bert' },
  { ...pooled, name: 'distilbert', path: 'distilbert', architecture: 'bert' },
];

export const VISION: readonly Family[] = [
  { ...pooled, name: 'timm-mean', path: 'timm-mean', architecture: 'timm-vit', sizes: { heads: '2', activation: 'gelu', pooling: 'avg' }, assumed: ['activation'] },
  { ...pooled, name: 'torchvision-vit', path: 'torchvision-vit', architecture: 'torchvision-vit', assumed: ['activation'] },
];

export const DISTILLED: readonly Family[] = [
  { ...pooled, name: 'deit', path: 'deit', architecture: 'vit' },
  { ...pooled, name: 'timm-deit', path: 'timm-deit', architecture: 'timm-vit', sizes: { heads: '2', activation: 'gelu', pooling: 'token' }, assumed: ['activation'] },
];

/** Norms over queries and keys that centre. */
export const NORMED: readonly Family[] = [
  { ...pooled, name: 'timm-normed', path: 'timm-normed', architecture: 'timm-vit', layer: /^blocks\.1\./, sizes: { heads: '2', activation: 'gelu', pooling: 'avg' }, assumed: ['activation'] },
];

export const ROBERTA: readonly Family[] = [
  { ...pooled, name: 'roberta', path: 'roberta', architecture: 'bert', layer: /\.layer\.1\./, tied: true },
  { ...pooled, name: 'roberta-classifier', path: 'roberta-classifier', architecture: 'bert' },
  { ...pooled, name: 'roberta-tokens', path: 'roberta-tokens', architecture: 'bert', layer: /\.layer\.1\./ },
];

export const FAMILIES: readonly Family[] = [...FIRST, ...DECODERS, ...GEMMAS, ...CLASSIFIERS, ...VISION, ...DISTILLED, ...NORMED, ...ROBERTA];

/** Adapters of test/fixtures/make_lora.py with their bases. */
export const ADAPTED = [
  { name: 'lora-gpt2', path: ['gpt2', 'lora-gpt2'], architecture: 'gpt2', sizes: { heads: '2', activation: 'gelu_new' } },
  { name: 'lora-qwen2', path: ['qwen2', 'lora-qwen2'], architecture: 'llama', sizes: { heads: '2', activation: 'silu' } },
  { name: 'lora-roberta', path: ['roberta', 'lora-roberta'], architecture: 'bert', sizes: { heads: '2', activation: 'gelu' } },
] as const;

/** Of test/fixtures/make_convolutions.py; `assumed`: the choices that files do not record. */
export const CONVOLUTIONS = [
  { name: 'resnet', path: 'resnet', architecture: 'resnet', sizes: { 'input-size': '14', stem: 'imagenet' }, assumed: ['stem'] },
  { name: 'resnet-bottleneck', path: 'resnet-bottleneck.pt', architecture: 'resnet', sizes: { 'input-size': '8', stem: 'cifar' }, assumed: ['stem'] },
  {
    name: 'conv-stack', path: 'conv-stack.pt', architecture: 'conv-stack',
    sizes: { 'input-size': '8', padding: 'same', stride: '1', 'pool-after': 'each', pool: 'max', activation: 'relu' },
    assumed: ['input-size', 'padding', 'stride', 'pool-after', 'pool', 'activation'],
  },
  {
    name: 'conv-lenet', path: 'conv-lenet.pt', architecture: 'conv-stack',
    sizes: { 'input-size': '16', padding: 'valid', stride: '1', 'pool-after': 'each', pool: 'average', activation: 'tanh' }, assumed: ['stride', 'pool-after'],
  },
  {
    name: 'conv-separable', path: 'conv-separable', architecture: 'conv-stack',
    sizes: { 'input-size': '6', padding: 'same', stride: '1', 'pool-after': 'each', activation: 'relu' }, assumed: ['padding', 'stride', 'pool-after', 'activation'],
  },
] as const;

export async function familyModel(paths: Paths): Promise<Model> {
  return modelOf(await familyCheckpoint(paths));
}

/** The inputs and labels beside a family's logits. */
export function familyProbe(name: string, model: Model): Promise<Probe> {
  return fixtureProbe(`families/${name}`, model);
}
