/** Which files an address means: one file, a file with its shards and config, or the model of a repository. */
import { InputError } from '../../base/errors';
import { naturalCompare } from '../../base/natural';
import { baseName } from '../format';
import { weightFiles } from '../formats/tfjs-layers';
import { listed, quoted, refusal } from '../refusal';
import { looksLikeIndex, readIndex } from '../shards';
import type { ByteSource } from '../types';
import { addressText, escaped, HUB, hubUrl, type Address } from './address';
import { readText } from './ranges';
import type { Wire } from './request';
import { remoteSource, type Means } from './source';

/** The names of weights, best first; where a folder has none of them, its only file with tensors. */
const USUAL = ['model.safetensors', 'model.safetensors.index.json', 'adapter_model.safetensors', 'pytorch_model.bin', 'model.onnx', 'model.json'];
const TENSORS = /\.(safetensors|npz|npy|pt|pth|bin|ckpt|onnx|keras|h5|hdf5)$/;
/** What exporters add to the name of an ONNX model for the file that holds its weights, where that is another. */
const ONNX_DATA = ['.data', '_data'];
const MOST_PAGES = 20;
const MOST_SHARDS = 1000;
/** Shards that are opened side by side: what a browser allows one host over HTTP/1.1. */
const AT_ONCE = 6;

/**
 * The files of one address, named '<repository>@<revision>/<path>', or by the last part of a URL. A model of several files brings
 * them all, and a model of the Hub its config.json; of each only the size is fetched here. What else lies beside a model (its tokenizer) is
 * fetched when somebody asks for it. Throws InputError.
 */
export async function remoteFiles(address: Address, means: Means): Promise<ByteSource[]> {
  const place = placeOf(address);
  const base = isFolder(address) ? await chooseWeights(address, means) : place.base;
  const weights = await remoteSource(place.name(base), place.url(base), means);
  const sources = [weights];
  sources.push(...(await shardsOf(weights, base, place, means)));
  if (base.endsWith('.onnx')) for (const end of ONNX_DATA) sources.push(...(await besides(base + end, place, means)));
  // A plain URL of one file is only what was typed; an index or the Hub means a model, which has its config beside it.
  if (sources.length > 1 || address.kind === 'hub') {
    const config = await optional(() => remoteSource(place.name('config.json'), place.url('config.json'), means));
    if (config && base !== 'config.json') sources.push(config);
    // Nobody watches any more what is fetched later.
    const quiet = { ...means, tell: undefined };
    const beside = (file: string) => optional(() => remoteSource(place.name(file), place.url(file), quiet));
    return sources.map((source) => ({ name: source.name, size: source.size, read: (begin, end) => source.read(begin, end), beside }));
  }
  return sources;
}

function isFolder(address: Address): address is Extract<Address, { kind: 'hub' }> {
  return address.kind === 'hub' && (address.path === '' || address.path.endsWith('/'));
}

/** Names and addresses of the files in the folder of an address, and the file that it names itself. */
interface Place {
  readonly base: string;
  name(file: string): string;
  url(file: string): string;
}

function placeOf(address: Address): Place {
  if (address.kind === 'hub') {
    const { repository, revision, path } = address;
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const root = `${baseName(repository)}@${revision.replaceAll('/', '-')}/`;
    return { base: baseName(path), name: (file) => root + folder + file, url: (file) => hubUrl(repository, revision, folder + file) };
  }
  const url = new URL(address.url);
  const base = lastName(url);
  // What a query asks for (a signature, a version) is asked for the files beside it as well.
  return { base, name: (file) => file, url: (file) => (file === base ? address.url : new URL(encodeURIComponent(file) + url.search, url).href) };
}

function lastName(url: URL): string {
  const last = baseName(url.pathname.replace(/\/+$/, ''));
  try {
    return decodeURIComponent(last).replaceAll('/', '-') || url.host;
  } catch {
    return last;
  }
}

/** All shards that an index or a model.json names; of any other file there are none. One that is not there is left to the index to miss. */
async function shardsOf(index: ByteSource, base: string, place: Place, means: Means): Promise<ByteSource[]> {
  const named = looksLikeIndex(base, '') ? (await readIndex(index)).weightMap.values() : base === 'model.json' ? await weightFiles(index) : [];
  const names = [...new Set(named)].sort(naturalCompare);
  if (names.length > MOST_SHARDS) throw refusal('too-many-shards', index.name, `it names ${names.length} shards; at most ${MOST_SHARDS} are fetched.`);
  const shards: ByteSource[] = [];
  for (let i = 0; i < names.length; i += AT_ONCE) {
    const some = names.slice(i, i + AT_ONCE).map((name) => optional(() => headed(place.name(name), place.url(name), means)));
    for (const opened of await Promise.allSettled(some)) {
      if (opened.status === 'rejected') throw opened.reason;
      if (opened.value) shards.push(opened.value);
    }
  }
  return shards;
}

/** A shard with the blocks that opening it will read: what is asked for in parallel here would be asked for one by one there. */
async function headed(name: string, url: string, means: Means): Promise<ByteSource> {
  const source = await remoteSource(name, url, means);
  const { size } = source;
  if (size > 0) await Promise.all([source.read(0, 1), source.read(size - 1, size)]);
  return source;
}

/** A file that may be there; a host may well refuse to say that it is not. */
async function besides(base: string, place: Place, means: Means): Promise<ByteSource[]> {
  try {
    return [await remoteSource(place.name(base), place.url(base), means)];
  } catch (error) {
    if (error instanceof InputError) return [];
    throw error;
  }
}

async function optional(open: () => Promise<ByteSource>): Promise<ByteSource | null> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof InputError && error.code === 'not-found') return null;
    throw error;
  }
}

/** The file with the weights in a folder of a repository, by the listing of the Hub's API. Throws InputError. */
async function chooseWeights(address: Extract<Address, { kind: 'hub' }>, wire: Wire): Promise<string> {
  const where = addressText(address);
  const files = await listFolder(address, where, wire);
  const usual = USUAL.find((name) => files.includes(name));
  if (usual) return usual;
  const candidates = files.filter((name) => TENSORS.test(name));
  if (candidates.length === 1) return candidates[0]!;
  if (candidates.length === 0) throw refusal('no-weights', where, `this folder has no weights that are read here (${files.length} files: ${listed(files)}). Give the path of a file: ${where.replace(/\/?$/, '/')}…`);
  throw refusal('which-weights', where, `this folder has ${candidates.length} files with tensors: ${listed(candidates)}. Say which: ${where.replace(/\/?$/, '/')}${candidates[0]}`);
}

/** `GET /api/models/{repository}/tree/{revision}/{path}`, page by page (Link: <…>; rel="next"). */
async function listFolder({ repository, revision, path }: Extract<Address, { kind: 'hub' }>, where: string, wire: Wire): Promise<string[]> {
  const folder = path.replace(/\/$/, '');
  let url = `${HUB}/api/models/${repository}/tree/${encodeURIComponent(revision)}${folder === '' ? '' : `/${escaped(folder)}`}`;
  const names: string[] = [];
  for (let page = 0; page < MOST_PAGES; page++) {
    const { text, headers } = await readText(where, url, wire);
    names.push(...namesIn(text, where));
    const next = /<([^>]+)>\s*;\s*rel="next"/.exec(headers.get('link') ?? '')?.[1];
    if (next === undefined || new URL(next, url).origin !== HUB) break;
    url = new URL(next, url).href;
  }
  return names;
}

function namesIn(text: string, where: string): string[] {
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    entries = null;
  }
  if (!Array.isArray(entries)) throw refusal('bad-listing', where, `the Hub answered with something other than a list of files (${quoted(text.slice(0, 60))}). Give the path of a file.`);
  return entries.flatMap((entry: unknown) => {
    const { type, path } = (entry ?? {}) as { type?: unknown; path?: unknown };
    return type === 'file' && typeof path === 'string' ? [baseName(path)] : [];
  });
}
