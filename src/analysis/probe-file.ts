/** Dropped files that a network is run on: arrays of inputs and targets, pictures, and text. */
import { InputError } from '../base/errors';
import { naturalCompare } from '../base/natural';
import { sha256 } from '../base/sha256';
import { ROUNDOFF } from '../checkpoint/dtype';
import { count, refusal } from '../checkpoint/refusal';
import type { ByteSource, Checkpoint, TensorEntry } from '../checkpoint/types';
import { classesOf } from '../probe/classes';
import type { Picture, PicturesContent, ProbeContent, SideFile, TextContent } from '../probe/content';
import type { ProbeArray, ProbeFileContent } from '../probe/file';
import type { ProbeFile } from './events';

const INPUTS = ['inputs', 'images', 'pixel_values', 'input_ids', 'tokens'];
const TARGETS = ['targets', 'labels'];
const OUTPUTS = ['outputs', 'logits'];
/** Bytes at the beginning of a text that its fingerprint is made of, beside its size. */
const TEXT_HEAD = 2 ** 20;
/** Text that lies beside weights and is not for the network. */
const NO_PROBE = /^(vocab|merges|requirements.*|licen[sc]e.*|readme.*|notice.*|copying|labels|classes|.*special_tokens.*)\.txt$/i;
const WIDTHS: Readonly<Record<string, number>> = { u8: 255, u16: 65535 };

/** Something open that a network can be run on. */
export interface OpenProbe {
  readonly summary: ProbeFile;
  content(): Promise<ProbeContent>;
}

/** An array file is a probe where it holds inputs, and at most targets and recorded outputs beside them. */
export function isProbe({ tensors }: Checkpoint): boolean {
  const [inputs, ...others] = [INPUTS, TARGETS, OUTPUTS].map((kind) => kind.filter((n) => tensors.has(n)).length) as [number, number, number];
  return inputs === 1 && others.every((n) => n <= 1) && tensors.size === inputs + others[0]! + others[1]!;
}

export function isProbeText({ name }: ByteSource): boolean {
  return !NO_PROBE.test(name.slice(name.lastIndexOf('/') + 1));
}

/** @throws InputError when there are no inputs (a lone array of an .npy file counts as them). */
export async function readProbeFile(checkpoint: Checkpoint): Promise<ProbeFileContent> {
  const file = checkpoint.name;
  const lone = checkpoint.format === 'npy' ? [...checkpoint.tensors.values()][0] : undefined;
  const of = (names: readonly string[]) => names.map((n) => checkpoint.tensors.get(n)).find((t) => t);
  const inputs = of(INPUTS) ?? lone;
  const outputs = of(OUTPUTS);
  if (!inputs) {
    const found = [...checkpoint.tensors.keys()].slice(0, 5).map((n) => `'${n}'`).join(', ') || 'nothing';
    throw new InputError('probe-inputs', `${file}: a probe holds an array 'inputs' and optionally 'targets' and 'outputs'; this file holds ${found}.`, { file });
  }
  const targets = of(TARGETS);
  return {
    file,
    inputs: await readArray(inputs, 'inputs'),
    targets: targets ? await readArray(targets, 'targets') : null,
    outputs: outputs ? { ...(await readArray(outputs, outputs.name)), roundoff: ROUNDOFF[outputs.dtype] ?? 0 } : null,
  };
}

async function readArray(tensor: TensorEntry, name: string): Promise<ProbeArray> {
  const most = WIDTHS[tensor.dtype];
  return { name, shape: tensor.shape, integers: /^[ui]\d+$|^bool$/.test(tensor.dtype), ...(most && { most }), values: await tensor.values() };
}

export function arraysProbe(id: string, checkpoint: Checkpoint, beside: readonly SideFile[]): OpenProbe {
  const of = (names: readonly string[]) => names.map((n) => checkpoint.tensors.get(n)).find((t) => t);
  const inputs = of(INPUTS) ?? [...checkpoint.tensors.values()][0];
  const targets = of(TARGETS);
  const shape = (s: readonly number[] = []) => `[${s.join(', ')}]`;
  return {
    summary: {
      id, kind: 'arrays',
      name: checkpoint.name,
      fingerprint: checkpoint.fingerprint,
      description: `inputs ${shape(inputs?.shape)}${targets ? `, targets ${shape(targets.shape)}` : ', no targets'}${of(OUTPUTS) ? ', recorded outputs' : ''}`,
      samples: inputs?.shape[0] ?? 0,
    },
    content: async () => ({ ...(await readProbeFile(checkpoint)), beside }),
  };
}

/** All pictures of one drop, in natural order of their names. */
export async function picturesProbe(id: string, files: readonly Checkpoint[], beside: readonly SideFile[]): Promise<OpenProbe> {
  const sorted = [...files].sort((a, b) => naturalCompare(a.name, b.name));
  const name = sorted.length === 1 ? sorted[0]!.name : `${sorted[0]!.name} and ${sorted.length - 1} more`;
  const pictures = sorted.map((file): Picture => {
    const tensor = [...file.tensors.values()][0]!;
    const [height, width, channels] = tensor.shape as [number, number, number];
    return { name: file.name, height, width, channels, most: WIDTHS[tensor.dtype]!, values: () => tensor.values() };
  });
  const sizes = [...new Set(pictures.map((p) => `${p.width} × ${p.height}`))];
  const classes = classesOf(pictures.map((p) => p.name));
  const warned = sorted.flatMap((file) => file.warnings);
  const warnings = warned.length > 3 ? [`${warned.length} pictures: their transparency was left out; only the colours are read.`] : warned;
  const content: PicturesContent = { kind: 'pictures', file: name, pictures, warnings, beside };
  return {
    summary: {
      id, kind: 'pictures', name,
      fingerprint: sorted.length === 1 ? sorted[0]!.fingerprint : await hashed([...sorted.map((file) => file.fingerprint), ...(classes ? [classes.labels.join()] : [])].join('\n')),
      description: `${pictures.length === 1 ? 'a picture' : `${pictures.length} pictures`} of ${sizes.length > 3 ? `${sizes.length} sizes` : sizes.join(', ')} pixels${classes ? ` in ${classes.names.length} folders, which are classes` : ''}`,
      samples: pictures.length,
    },
    content: async () => content,
  };
}

/** @throws InputError where it cannot be read. */
export async function textProbe(id: string, source: ByteSource, beside: readonly SideFile[]): Promise<OpenProbe> {
  const { name: file, size } = source;
  const read = async (bytes: number): Promise<string> => {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(await source.read(0, Math.min(bytes, size)), { stream: bytes < size });
    } catch (error) {
      if (error instanceof InputError) throw error;
      throw refusal('bad-utf8', file, 'it is text that is not valid UTF-8. Save it as UTF-8.');
    }
  };
  const content: TextContent = { kind: 'text', file, size, read, beside };
  return {
    summary: { id, kind: 'text', name: file, fingerprint: await hashed(`${size}\n${await read(TEXT_HEAD)}`), description: `text of ${count(size)} bytes`, samples: 0 },
    content: async () => content,
  };
}

/**
 * The latest side file of this name from one of the folders, the first folder first; else the one that lies where the network came from; else the
 * latest there is.
 */
export async function besideOf(beside: readonly SideFile[] | undefined, base: string, folders: readonly string[], elsewhere: Checkpoint['beside']): Promise<SideFile | null> {
  const named = (beside ?? []).filter(({ name }) => name === base || name.endsWith(`/${base}`));
  for (const folder of folders) {
    const found = named.findLast(({ name }) => name === (folder === '' ? base : `${folder}/${base}`));
    if (found) return found;
  }
  return (await elsewhere?.(base)) ?? named.at(-1) ?? null;
}

async function hashed(text: string): Promise<string> {
  return `sha256-${await sha256(new TextEncoder().encode(text))}`;
}
