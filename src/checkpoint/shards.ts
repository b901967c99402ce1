/** Sharded safetensors: which files of a drop make one checkpoint, and what is missing from it. */
import { InputError } from '../base/errors';
import { baseName, type Contents } from './format';
import { count, listed, quoted, refusal } from './refusal';
import type { StoredTensor } from './stored-tensor';
import { parseStrictJson } from './strict-json';
import type { ByteSource } from './types';

const SHARD = /^(.*?)[_-](\d{5,6})-of-(\d{5,6})\.safetensors$/;
const MAX_INDEX = 256 * 2 ** 20;

/** A file that was read on its own. */
export interface OpenedFile {
  readonly source: ByteSource;
  readonly contents: Contents;
}

export interface ShardGroup {
  readonly name: string;
  readonly files: readonly OpenedFile[];
  readonly contents: Contents;
}

export interface ShardIndex {
  readonly source: ByteSource;
  /** Tensor name -> base name of its shard. */
  readonly weightMap: ReadonlyMap<string, string>;
}

const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/') + 1);

export function looksLikeIndex(name: string, start: string): boolean {
  return name.endsWith('.index.json') || /^\s*\{\s*"(metadata"\s*:\s*\{[^{}]*\}\s*,\s*")?weight_map"/.test(start);
}

/** Reads an index file. Throws InputError. */
export async function readIndex(source: ByteSource): Promise<ShardIndex> {
  const file = source.name;
  if (source.size > MAX_INDEX) throw refusal('index-too-large', file, `the index has ${count(source.size)} bytes; at most ${count(MAX_INDEX)} are read.`);
  const index = parseStrictJson(await source.read(0, source.size), file, 'the index');
  const map = index instanceof Map ? index.get('weight_map') : undefined;
  if (!(map instanceof Map)) throw refusal('bad-index', file, 'the index has no weight_map object (tensor name to shard file). Fetch it again from the same place as the shards.');
  const weightMap = new Map<string, string>();
  for (const [tensor, shard] of map) {
    if (typeof shard !== 'string') throw refusal('bad-index', file, 'the index gives something other than a file name for its shard. Fetch it again.', tensor);
    if (/[/\\]/.test(shard) || shard === '..' || shard === '') throw refusal('index-path', file, `the index sends it to ${quoted(shard)}; expected a plain file name beside the index. Do not use this index: drop the shards alone.`, tensor);
    if (!shard.endsWith('.safetensors')) throw refusal('index-format', file, `the index names ${quoted(shard)}; only shards in safetensors are joined. Drop the shards alone, or save the model as safetensors: model.save_pretrained(path, safe_serialization=True).`, tensor);
    weightMap.set(tensor, shard);
  }
  return { source, weightMap };
}

/** Joins the files that an index names. Throws InputError where none of them is there. */
export function joinByIndex(index: ShardIndex, opened: readonly OpenedFile[]): ShardGroup {
  const folder = folderOf(index.source.name);
  const shards = new Set(index.weightMap.values());
  const files = opened.filter(({ source }) => folderOf(source.name) === folder && shards.has(baseName(source.name)));
  const missing = [...shards].filter((shard) => !files.some(({ source }) => baseName(source.name) === shard));
  if (files.length === 0) throw new InputError('missing-shards', `${index.source.name}: none of its ${count(shards.size)} shards (${listed(missing)}) was dropped, or none could be read. Drop them together with the index.`, { file: index.source.name });
  const warnings: string[] = [];
  const lost = [...index.weightMap].filter(([, shard]) => missing.includes(shard)).map(([tensor]) => tensor);
  if (missing.length > 0) warnings.push(`${missing.length === 1 ? 'A shard is' : `${missing.length} shards are`} missing (${listed(missing)}), and with ${missing.length === 1 ? 'it' : 'them'} ${count(lost.length)} tensors (${listed(lost, 3)}). Drop all shards together.`);
  const contents = merge(files, (tensor) => index.weightMap.get(tensor), warnings);
  const present = new Set(contents.tensors.map((t) => t.name));
  const absent = [...index.weightMap].filter(([tensor, shard]) => !present.has(tensor) && !missing.includes(shard));
  if (absent.length > 0) warnings.push(`${count(absent.length)} tensors that the index names are in none of the shards: ${listed(absent.map(([tensor]) => tensor))}.`);
  const moved = contents.tensors.filter((t) => index.weightMap.has(t.name) && index.weightMap.get(t.name) !== baseName(t.file)).map((t) => t.name);
  if (moved.length > 0) warnings.push(`${count(moved.length)} tensors are in another shard than the index says, and were read from there: ${listed(moved)}.`);
  const extra = contents.tensors.filter((t) => !index.weightMap.has(t.name)).map((t) => t.name);
  if (extra.length > 0) warnings.push(`${count(extra.length)} tensors of the shards are not in the index: ${listed(extra)}.`);
  return { name: folder === '' ? index.source.name.replace(/\.index\.json$/, '') : folder.slice(0, -1), files, contents };
}

/** Groups shards that came without an index by their common name. */
export function joinByName(opened: readonly OpenedFile[]): { groups: ShardGroup[]; rest: OpenedFile[] } {
  const byName = new Map<string, OpenedFile[]>();
  const rest: OpenedFile[] = [];
  for (const file of opened) {
    const match = SHARD.exec(baseName(file.source.name));
    if (match === null) {
      rest.push(file);
      continue;
    }
    const key = `${folderOf(file.source.name)}${match[1]}-of-${match[3]}`;
    const list = byName.get(key);
    if (list) list.push(file);
    else byName.set(key, [file]);
  }
  const groups = [...byName.values()].map((files) => {
    const [, stem, , total] = SHARD.exec(baseName(files[0]!.source.name))!;
    const there = new Set(files.map(({ source }) => Number(SHARD.exec(baseName(source.name))![2])));
    const missing = Array.from({ length: Math.min(Number(total), 1000) }, (_, i) => i + 1).filter((i) => !there.has(i));
    const names = missing.map((i) => `${stem}-${String(i).padStart(total!.length, '0')}-of-${total}.safetensors`);
    const warnings = missing.length > 0 ? [`${missing.length} of ${Number(total)} shards are missing: ${listed(names)}. Drop all shards together.`] : [];
    return { name: folderOf(files[0]!.source.name) + stem, files, contents: merge(files, () => undefined, warnings) };
  });
  return { groups, rest };
}

/** A tensor that two shards hold comes from the one that `home` names, else from the first. */
function merge(files: readonly OpenedFile[], home: (tensor: string) => string | undefined, warnings: string[]): Contents {
  const tensors = new Map<string, StoredTensor>();
  const metadata = new Map<string, string>();
  for (const { contents } of files) {
    for (const [key, value] of contents.metadata) metadata.set(key, value);
    warnings.push(...contents.warnings);
    for (const tensor of contents.tensors) {
      const other = tensors.get(tensor.name);
      if (other === undefined) tensors.set(tensor.name, tensor);
      else {
        const kept = home(tensor.name) === baseName(tensor.file) ? tensor : other;
        tensors.set(tensor.name, kept);
        warnings.push(`${quoted(tensor.name)} is in two shards (${baseName(other.file)}, ${baseName(tensor.file)}); that of ${baseName(kept.file)} was taken.`);
      }
    }
  }
  return { tensors: [...tensors.values()], metadata, warnings, shared: [] };
}
