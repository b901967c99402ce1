/**
 * A LoRA adapter and the checkpoint that it belongs to, dropped together, are one model: W + s B A in the place of each matrix W that has a pair, under
 * its own name, and what the adapter holds whole (modules_to_save, biases, resized embeddings) in the place of the base's. Sums are made in float64 when a
 * tensor is read. An adapter is merged as a whole or not at all: half of it would be neither model.
 */
import { sha256 } from '../base/sha256';
import type { Checkpoint, TensorEntry } from '../checkpoint/types';
import { transpose } from '../numerics/transpose';
import { recorded } from './choices';
import { pairsOf, saysAlpha, scalesOf, type Pair } from './lora';
import { recogniseModel } from './recognise';

/** Settings of an adapter under which its change is not s B A, and what they do. */
const OTHERS: readonly [key: string, is: (value: string) => boolean, what: string][] = [
  ['peft_type', (v) => v.toUpperCase() !== 'LORA', 'its factors have another meaning'],
  ['use_dora', (v) => v === 'true', 'DoRA scales the columns of the sum'],
  ['lora_bias', (v) => v === 'true', 'B has a bias of its own'],
  ['init_lora_weights', (v) => /^(pissa|olora|corda|loftq|lora_ga)/.test(v), 'the base itself was changed as training began'],
  ['alora_invocation_tokens.0', () => true, 'it acts behind certain tokens alone'],
  ['use_qalora', (v) => v === 'true', 'its inputs are averaged'],
];

interface Adapter {
  readonly checkpoint: Checkpoint;
  readonly pairs: readonly Pair[];
  /** What it holds that is no factor, by the name in the model that was trained. */
  readonly whole: ReadonlyMap<string, TensorEntry>;
}

interface Plan {
  readonly base: Checkpoint;
  /** Names of matrices that the base uses twice and stores once -> the name that is stored. */
  readonly tied: ReadonlyMap<string, string>;
  /** The name in the base of what the adapter calls `name`. */
  rename(name: string): string;
}

/** The checkpoints of a drop, each adapter merged with the one of them that it fits; where that cannot be, it stays as it is, with a warning that says why. */
export async function mergeAdapters(checkpoints: readonly Checkpoint[]): Promise<Checkpoint[]> {
  const bases = checkpoints.filter((checkpoint) => checkpoint.format !== 'PNG' && pairsOf(checkpoint).length === 0);
  const used = new Set<Checkpoint>();
  const results = new Map<Checkpoint, Checkpoint>();
  for (const checkpoint of checkpoints) {
    const pairs = pairsOf(checkpoint);
    if (pairs.length === 0 || bases.length === 0) continue;
    const adapter = { checkpoint, pairs, whole: wholeOf(checkpoint, pairs) };
    const plan = await planOf(adapter, bases);
    if (typeof plan !== 'string') used.add(plan.base);
    results.set(checkpoint, typeof plan === 'string' ? { ...checkpoint, warnings: [...checkpoint.warnings, plan] } : await merged(adapter, plan));
  }
  return checkpoints.filter((checkpoint) => !used.has(checkpoint)).map((checkpoint) => results.get(checkpoint) ?? checkpoint);
}

function wholeOf({ tensors }: Checkpoint, pairs: readonly Pair[]): Map<string, TensorEntry> {
  const factors = new Set(pairs.flatMap(({ a, b }) => [a.name, b.name]));
  const named = (name: string) => name.replace(/^base_model\.model\./, '').replace(/\.(modules_to_save(\.default)?|base_layer)(?=\.)/, '');
  return new Map([...tensors].flatMap(([name, tensor]) => (factors.has(name) ? [] : [[named(name), tensor] as const])));
}

/** What fits, or the sentence that says why nothing does. */
async function planOf(adapter: Adapter, bases: readonly Checkpoint[]): Promise<Plan | string> {
  const { pairs } = adapter;
  const plans: Plan[] = [];
  let closest: { base: Checkpoint; unfit: readonly Pair[] } | null = null;
  for (const base of bases) {
    const tied = await tiedNames(base);
    for (const rename of renamings(base)) {
      const plan = { base, tied, rename };
      const unfit = pairs.filter((pair) => {
        const weight = weightOf(`${pair.path}.weight`, adapter, plan);
        return !weight || !(isPlain(pair, weight) || isTurned(pair, weight));
      });
      if (unfit.length === 0) {
        plans.push(plan);
        break;
      }
      if (unfit.length < (closest?.unfit.length ?? pairs.length)) closest = { base, unfit };
    }
  }
  if (plans.length > 1) {
    const names = plans.slice(0, 4).map(({ base }) => base.name).join(', ');
    return `This adapter fits ${plans.length} checkpoints of the drop (${names}${plans.length > 4 ? ', …' : ''}) and is merged with none: drop it with the one that it was trained on.`;
  }
  const plan = plans[0];
  if (plan) {
    const why = whyNot(adapter);
    return why === null ? plan : `This adapter is not merged with ${plan.base.name}: ${why}.`;
  }
  if (!closest) return 'No checkpoint beside this adapter has matrices of the names and shapes of its pairs: it is merged with none.';
  const { base, unfit } = closest;
  const names = unfit.slice(0, 8).map(({ path, a, b }) => `${path} [${[b.shape[0]!, ...a.shape.slice(1)].join(', ')}]`);
  return `${unfit.length} of the ${pairs.length} pairs of this adapter fit no matrix of ${base.name}: ${names.join('; ')}${unfit.length > 8 ? '; …' : ''}. It is not merged.`;
}

function whyNot({ checkpoint, whole }: Adapter): string | null {
  if (!saysAlpha(checkpoint)) return 'adapter_config.json, which says alpha, is missing';
  for (const [key, is, what] of OTHERS) {
    const found = recorded(checkpoint, [`adapter.${key}`]);
    if (found && is(found.value)) return `${found.path} = ${found.value}: ${what}, which is not computed here`;
  }
  const stranger = [...whole.keys()].find((name) => name.includes('lora_') || !/\.(weight|bias)$/.test(name));
  return stranger === undefined ? null : `what '${stranger}' does is not known here`;
}

/** Files hold a model with or without the name of its trunk: 'h.0…' and 'transformer.h.0…'. */
function renamings({ tensors }: Checkpoint): ((name: string) => string)[] {
  const trunks = [...new Set([...tensors.keys()].map((name) => name.split('.')[0]!))].slice(0, 16);
  return [(name) => name, (name) => name.slice(name.indexOf('.') + 1), ...trunks.map((trunk) => (name: string) => `${trunk}.${name}`)];
}

async function tiedNames(base: Checkpoint): Promise<Map<string, string>> {
  const tied = new Map<string, string>();
  const { model } = await recogniseModel(base, {});
  for (const group of model?.tied ?? []) {
    const names = group.map((name) => (base.tensors.has(name) ? name : `${name}.weight`));
    const stored = names.find((name) => base.tensors.has(name));
    if (stored !== undefined) for (const name of names) if (!base.tensors.has(name)) tied.set(name, stored);
  }
  return tied;
}

/** What stands under this name in the model that was trained. */
function weightOf(name: string, { whole }: Adapter, { base, tied, rename }: Plan): TensorEntry | undefined {
  const place = rename(name);
  return whole.get(name) ?? base.tensors.get(place) ?? base.tensors.get(tied.get(place) ?? '');
}

type Factors = Pick<Pair, 'a' | 'b'>;
const isPlain = ({ a, b }: Factors, { shape }: TensorEntry): boolean => same(shape, [b.shape[0]!, ...a.shape.slice(1)]);
/** The matrices of embeddings and of GPT-2's Conv1D are [in, out]. */
const isTurned = ({ a, b }: Factors, { shape }: TensorEntry): boolean => same(shape, [a.shape[1]!, b.shape[0]!]) && a.shape.length === 2;
const isEmbedding = ({ a }: Factors): boolean => a.name.includes('lora_embedding_A');
const same = (x: readonly number[], y: readonly number[]): boolean => x.length === y.length && x.every((n, i) => n === y[i]);

async function merged(adapter: Adapter, plan: Plan): Promise<Checkpoint> {
  const { checkpoint, pairs, whole } = adapter;
  const { base, tied, rename } = plan;
  const changed = new Map<string, TensorEntry>();
  for (const [name, tensor] of whole) {
    const place = base.tensors.has(rename(name)) || tied.has(rename(name)) ? rename(name) : name;
    changed.set(place, under(place, tensor));
  }
  const targets = pairs.map((pair) => ({ pair, place: rename(`${pair.path}.weight`), weight: weightOf(`${pair.path}.weight`, adapter, plan)! }));
  // A square matrix does not tell how it lies: the adapter does, or its other matrices.
  const flag = recorded(checkpoint, ['adapter.fan_in_fan_out'])?.value === 'true';
  const turned = flag || targets.some(({ pair, weight }) => !isEmbedding(pair) && !isPlain(pair, weight));
  for (const { pair, place, weight } of targets) {
    changed.set(place, sum(pair, under(place, weight), isEmbedding(pair) || !isPlain(pair, weight) || (turned && isTurned(pair, weight))));
  }
  // What was one matrix under two names is two as soon as one of them changes.
  const parted = [...tied].filter(([name, stored]) => changed.has(name) || changed.has(stored));
  return {
    ...base,
    name: `${base.name} + ${checkpoint.name}`,
    files: [...base.files, ...checkpoint.files],
    tensors: new Map([...base.tensors, ...parted.map(([name, stored]) => [name, under(name, base.tensors.get(stored)!)] as const), ...changed]),
    metadata: new Map([
      ...base.metadata,
      ...[...checkpoint.metadata].filter(([key]) => !/^(config|tokenizer)\./.test(key)),
      ...(parted.length > 0 ? [['config.tie_word_embeddings', 'false'] as const] : []),
    ]),
    warnings: [...base.warnings, ...checkpoint.warnings, sentence(adapter)],
    shared: base.shared.map((group) => group.filter((name) => !changed.has(name))).filter(({ length }) => length > 1),
    fingerprint: `sha256-${await sha256(new TextEncoder().encode(`${base.fingerprint}\n${checkpoint.fingerprint}`))}`,
  };
}

function sentence({ checkpoint, pairs, whole }: Adapter): string {
  const few = (words: Iterable<string | number>) => {
    const all = [...new Set(words)];
    return `${all.slice(0, 8).join(', ')}${all.length > 8 ? ', …' : ''}`;
  };
  const alpha = recorded(checkpoint, ['adapter.lora_alpha'])!.value;
  const matrices = `${pairs.length} ${pairs.length === 1 ? 'matrix is' : 'matrices are'} W + s B A (${few(pairs.map(({ path }) => path.split('.').at(-1)!))})`;
  const own = whole.size === 0 ? '' : `; its own, not the base's: ${few(whole.keys())}`;
  return `merged with ${checkpoint.name}: ${matrices}, rank ${few(pairs.map(({ rank }) => rank))}, alpha ${alpha}, s = ${scalesOf(pairs)}${own}`;
}

function under(name: string, tensor: TensorEntry): TensorEntry {
  return { ...tensor, name, bytes: () => tensor.bytes(), values: () => tensor.values() };
}

/** W + s B A, or W + s (B A)^T where `turned`, in float64. */
function sum({ a, b, rank, scale }: Pair, weight: TensorEntry, turned: boolean): TensorEntry {
  const values = async () => {
    const result = new Float64Array(await weight.values());
    const [right, left] = [await a.values(), await b.values()];
    const [inputs, outputs] = [right.length / rank, left.length / rank];
    const [rows, columns, width] = turned ? [transpose(right, rank, inputs), transpose(left, outputs, rank), outputs] : [left, right, inputs];
    for (let i = 0; i < result.length / width; i++)
      for (let k = 0; k < rank; k++) {
        const factor = scale * rows[i * rank + k]!;
        for (let j = 0; j < width; j++) result[i * width + j]! += factor * columns[k * width + j]!;
      }
    return result;
  };
  return { ...weight, dtype: 'f64', values, bytes: async () => new Uint8Array((await values()).buffer) };
}
