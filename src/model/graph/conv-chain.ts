/** The convolutions, batch norms and dense layers of a state dict in the order in which they run, as far as names and shapes tell it. */
import { naturalCompare } from '../../base/natural';
import type { Checkpoint } from '../../checkpoint/types';
import type { Fitting } from './conv-fit';

interface ChainMap {
  readonly prefix: string;
  readonly outputs: number;
  /** Prefixes of the batch norms behind it. */
  readonly norms: readonly string[];
  /** The activation stands before the batch norms, not behind them. */
  readonly activeFirst: boolean;
  /** Places between it and the next map that hold no tensors; null where names do not tell. */
  readonly gap: number | null;
}

export interface ChainConvolution extends ChainMap {
  readonly kernel: readonly [number, number];
  window(fitting: Pick<Fitting, 'padding' | 'stride'>): { stride: [number, number]; padding: [number, number] };
}

export interface ChainDense extends ChainMap {
  readonly inputs: number;
  /** Whether an activation stands behind it. */
  readonly active: boolean;
}

export interface Chain {
  /** Of the images. */
  readonly channels: number;
  readonly convolutions: readonly ChainConvolution[];
  readonly dense: readonly ChainDense[];
  readonly norms: number;
}

type Kind = 'conv' | 'batch-norm' | 'dense';

interface Item {
  readonly prefix: string;
  readonly kind: Kind;
  readonly shape: readonly number[];
  /** 'features' of 'features.3', 'conv' and 3 of 'conv3'. */
  readonly container: string;
  readonly word: string;
  readonly place: number;
}

const ROLE = /^(?:(.*)\.)?(weight|bias|running_mean|running_var|num_batches_tracked)$/;

/** The chain, or why there is none. */
export function chainOf(checkpoint: Checkpoint): Chain | string {
  const items = itemsOf(checkpoint);
  if (typeof items === 'string') return items;
  if (!items.some(({ kind }) => kind === 'conv')) return 'there is no convolution';
  const ordered = inOrder(items);
  const convolutions: ChainConvolution[] = [];
  const dense: ChainDense[] = [];
  let channels = ordered[0]!.kind === 'conv' ? ordered[0]!.shape[1]! : 0;
  const inputs = channels;
  for (let i = 0; i < ordered.length; ) {
    const item = ordered[i]!;
    if (item.kind === 'batch-norm') return `'${item.prefix}' is a batch norm before any convolution`;
    const [outputs, reads] = item.shape as [number, number];
    let next = i + 1;
    while (ordered[next]?.kind === 'batch-norm') next++;
    const norms = ordered.slice(i + 1, next);
    const wide = norms.find(({ shape }) => shape[0] !== outputs);
    if (wide) return `'${wide.prefix}' has ${wide.shape[0]} channels behind the ${outputs} of '${item.prefix}'`;
    // Places between the map and its norms that hold no tensors.
    const inside = norms.length > 0 && item.word === '' ? ordered[next - 1]!.place - item.place - norms.length : 0;
    if (inside > 1) return `between '${item.prefix}' and its batch norm there is room for more than an activation`;
    const after = gapBetween(ordered[next - 1]!, ordered[next]);
    const gap = after === null ? null : after + inside;
    const common = { prefix: item.prefix, outputs, norms: norms.map(({ prefix }) => prefix), activeFirst: inside > 0, gap };
    if (item.kind === 'conv') {
      if (dense.length > 0) return `the convolution '${item.prefix}' stands behind the dense layer '${dense.at(-1)!.prefix}'`;
      if (channels % reads !== 0 || outputs % (channels / reads) !== 0) return `'${item.prefix}' reads ${reads} channels, and there are ${channels} before it`;
      convolutions.push({ ...common, ...windowOf(item.shape[2]!, item.shape[3]!) });
    } else {
      const before = dense.at(-1);
      if (before && before.outputs !== reads) return `'${item.prefix}' reads ${reads} values, and there are ${before.outputs} before it`;
      dense.push({ ...common, inputs: reads, active: next < ordered.length && gap !== 0 });
    }
    channels = outputs;
    i = next;
  }
  return { channels: inputs, convolutions, dense, norms: items.filter(({ kind }) => kind === 'batch-norm').length };
}

function windowOf(height: number, width: number): Pick<ChainConvolution, 'kernel' | 'window'> {
  return {
    kernel: [height, width],
    window: ({ padding, stride }) => ({
      // A convolution of one pixel does not move further: it mixes channels.
      stride: height === 1 && width === 1 ? [1, 1] : [stride, stride],
      padding: padding === 'same' ? [(height - 1) >> 1, (width - 1) >> 1] : [0, 0],
    }),
  };
}

function itemsOf(checkpoint: Checkpoint): Item[] | string {
  const found = new Map<string, { weight?: readonly number[]; statistics?: readonly number[] }>();
  for (const { name, shape } of checkpoint.tensors.values()) {
    const [, prefix, role] = ROLE.exec(name) ?? [];
    if (role === undefined) return `'${name}' is no part of a convolution, a batch norm or a dense layer`;
    const entry = found.get(prefix ?? '') ?? {};
    found.set(prefix ?? '', entry);
    if (role === 'weight') entry.weight = shape;
    if (role === 'running_mean') entry.statistics = shape;
  }
  const items: Item[] = [];
  for (const [prefix, { weight, statistics }] of found) {
    const shape = statistics ?? weight;
    if (!shape) return `'${prefix}' has no weight`;
    const kind: Kind | null = statistics ? 'batch-norm' : shape.length === 4 ? 'conv' : shape.length === 2 ? 'dense' : null;
    if (!kind) return `'${prefix}.weight' has ${shape.length} dimensions; convolutions have 4, dense layers 2, and batch norms have running statistics`;
    const [, container = '', word = '', digits] = /^(?:(.*)\.)?([^.]*?)_?(\d*)$/.exec(prefix)!;
    items.push({ prefix, kind, shape, container, word, place: digits ? Number(digits) : 0 });
  }
  return items;
}

/** Containers that hold convolutions first; in them by place where places are all that names say, else convolutions with their batch norms first. */
function inOrder(items: readonly Item[]): Item[] {
  const containers = [...new Set(items.map(({ container }) => container))].sort(naturalCompare);
  const convolves = (container: string) => items.some((item) => item.container === container && item.kind === 'conv');
  return [...containers.filter(convolves), ...containers.filter((container) => !convolves(container))].flatMap((container) => {
    const own = items.filter((item) => item.container === container);
    if (own.every(({ word }) => word === '')) return own.sort((a, b) => a.place - b.place);
    const partner = (item: Item, kind: Kind) => own.some((other) => other.kind === kind && other.place === item.place && other.shape[0] === item.shape[0]);
    const late = (item: Item) => (item.kind === 'dense' || (item.kind === 'batch-norm' && !partner(item, 'conv')) ? 1 : 0);
    const rank = { conv: 0, dense: 0, 'batch-norm': 1 };
    return own.sort((a, b) => late(a) - late(b) || a.place - b.place || rank[a.kind] - rank[b.kind]);
  });
}

function gapBetween(last: Item, next: Item | undefined): number | null {
  if (!next || next.container !== last.container || last.word !== '' || next.word !== '') return null;
  return next.place - last.place - 1;
}
