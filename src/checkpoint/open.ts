/** From dropped files to checkpoints: each file is recognised by its content, and a bad one never takes the others with it. */
import { breathe } from '../base/breathe';
import { InputError, isAbort, messageOf } from '../base/errors';
import { naturalCompare } from '../base/natural';
import { withConfigs } from './config';
import { fingerprint } from './fingerprint';
import { foreignByContent, foreignByName, unrecognised } from './foreign';
import { baseName, type Contents, type FileFormat, type Sniffed } from './format';
import { FORMATS } from './formats/registry';
import { tfjsLayers } from './formats/tfjs-layers';
import { inflate, InflateError } from './inflate';
import { count, refusal } from './refusal';
import { joinByIndex, joinByName, looksLikeIndex, readIndex, type OpenedFile, type ShardIndex } from './shards';
import type { ByteSource, Checkpoint, Format, Opened, Refusal, SideText } from './types';
import { ZipArchive } from './zip';

const HEAD = 512;
const MAX_RESULT = 256 * 2 ** 20;
const MAX_SIDE = 64 * 2 ** 20;
/** Files whose extension promises tensors are not taken for side files, even where they hold JSON. */
const TENSOR_EXTENSIONS = new Set(['safetensors', 'npy', 'npz', 'pt', 'pth', 'bin', 'ckpt', 'onnx']);
/** Results of this program, alone or in a list. */
const RESULT = /"kind"\s*:\s*"deadreckon-(report|trajectory|experiment|llc)"/;

interface OpenedWith extends OpenedFile {
  readonly format: Format;
}

/** Never rejects for what is in the files; rejects with AbortError when `signal` is aborted. */
export async function openFiles(sources: readonly ByteSource[], signal?: AbortSignal): Promise<Opened> {
  const opened: OpenedWith[] = [];
  const indexes: ShardIndex[] = [];
  const sides = new Map<string, string>();
  const texts: ByteSource[] = [];
  const refusals: Refusal[] = [];
  const checkpoints: Checkpoint[] = [];
  const attempt = async (file: string, work: () => Promise<void>) => {
    await breathe(signal);
    try {
      await work();
    } catch (error) {
      if (isAbort(error)) throw error;
      refusals.push(asRefusal(error, file));
    }
  };

  for (const source of sources) {
    await attempt(source.name, async () => {
      const found = await recognise(source);
      if ('index' in found) indexes.push(found.index);
      else if ('text' in found) texts.push(source);
      else if ('side' in found) {
        if (sides.has(source.name)) throw refusal('duplicate-file', source.name, 'two files of this name were dropped; the first was kept. Drop one of them.');
        sides.set(source.name, found.side);
      } else opened.push({ source, format: found.format.format, contents: await found.format.open(found.file, signal, sources) });
    });
  }

  const held = new Set(opened.flatMap(({ contents }) => contents.companions ?? []).map(({ name }) => name));
  const alone = opened.filter(({ source }) => !held.has(source.name));
  let loose: OpenedFile[] = alone.filter((file) => file.format === 'safetensors');
  for (const index of indexes) {
    await attempt(index.source.name, async () => {
      const group = joinByIndex(index, loose);
      checkpoints.push(await checkpointOf('sharded safetensors', group.name, group.files.map((f) => f.source), group.contents));
      loose = loose.filter((file) => !group.files.includes(file));
    });
  }
  const { groups, rest } = joinByName(loose);
  for (const group of groups) {
    await attempt(group.name, async () => {
      checkpoints.push(await checkpointOf('sharded safetensors', group.name, group.files.map((f) => f.source), group.contents));
    });
  }
  for (const file of alone) {
    if (file.format === 'safetensors' && !rest.includes(file)) continue;
    await attempt(file.source.name, async () => {
      checkpoints.push(await checkpointOf(file.format, file.source.name, [file.source, ...(file.contents.companions ?? [])], file.contents));
    });
  }
  // What holds the elements of another file is no checkpoint by itself, and was refused for that.
  return { checkpoints: withConfigs(checkpoints, sides), sides, texts, refusals: refusals.filter(({ file }) => !held.has(file)) };
}

async function checkpointOf(format: Format, name: string, sources: readonly ByteSource[], contents: Contents): Promise<Checkpoint> {
  const tensors = [...contents.tensors].sort((a, b) => naturalCompare(a.name, b.name));
  const folder = sources.find((source) => source.beside);
  return {
    format,
    name,
    files: sources.map((source) => ({ name: source.name, size: source.size })),
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
    metadata: contents.metadata,
    warnings: contents.warnings,
    shared: contents.shared,
    program: contents.program ?? null,
    ...(folder && { beside: sideFiles((base) => folder.beside!(base)) }),
    fingerprint: await fingerprint(tensors, sources),
  };
}

/** The texts of files that are fetched when they are first asked for; one that failed is asked for again. */
function sideFiles(fetch: (base: string) => Promise<ByteSource | null>): NonNullable<Checkpoint['beside']> {
  const asked = new Map<string, Promise<SideText | null>>();
  const read = async (base: string): Promise<SideText | null> => {
    const source = await fetch(base);
    if (!source) return null;
    const { name, size } = source;
    checkSide(source, MAX_SIDE);
    return { name, text: readSide(await source.read(0, size), name, false) };
  };
  return (base) => {
    const text = asked.get(base) ?? read(base);
    asked.set(base, text);
    text.catch(() => asked.delete(base));
    return text;
  };
}

type Recognised = { format: FileFormat; file: Sniffed } | { side: string } | { index: ShardIndex } | { text: true };

/** Content decides; the extension only where the content says nothing. Throws InputError for everything else. */
async function recognise(source: ByteSource): Promise<Recognised> {
  const head = await source.read(0, Math.min(HEAD, source.size));
  const base = baseName(source.name);
  const extension = base.includes('.') ? base.slice(base.lastIndexOf('.') + 1).toLowerCase() : '';
  let file: Sniffed = { source, head, archive: null, extension };
  const byContent = () => FORMATS.find((f) => f.recognises({ ...file, extension: '' }));
  const byName = foreignByName(file);
  if (byName) throw byName;
  let format = byContent();
  if (format === undefined) {
    if (head[0] === 0x1f && head[1] === 0x8b) return { side: await gzippedResult(file) };
    if (extension === 'txt' && isPlainText(head)) return { text: true };
    if (!TENSOR_EXTENSIONS.has(extension) && isJsonText(head)) return json(file, new TextDecoder('latin1').decode(head));
    file = { ...file, archive: await ZipArchive.open(source) };
    format = byContent();
  }
  if (format === undefined) {
    const foreign = foreignByContent(file);
    if (foreign) throw foreign;
    format = FORMATS.find((f) => f.recognises(file));
  }
  if (format === undefined) throw unrecognised(file);
  return { format, file };
}

function isJsonText(head: Uint8Array): boolean {
  return !head.includes(0) && /^(\xef\xbb\xbf)?\s*[{[]/.test(String.fromCharCode(...head));
}

/** UTF-8 as far as it goes (the last character may be cut), and not a git-lfs pointer. */
function isPlainText(head: Uint8Array): boolean {
  if (head.length === 0 || head.includes(0)) return false;
  try {
    return !new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true }).startsWith('version https://git-lfs');
  } catch {
    return false;
  }
}

async function json(sniffed: Sniffed, start: string): Promise<Recognised> {
  const { source } = sniffed;
  const file = source.name;
  if (looksLikeIndex(file, start)) return { index: await readIndex(source) };
  const isResult = RESULT.test(start);
  checkSide(source, isResult ? MAX_RESULT : MAX_SIDE);
  const side = readSide(await source.read(0, source.size), file, isResult);
  // Written with its keys in another order than usual, so that its first bytes do not tell.
  return /"(weightsManifest|modelTopology)"/.test(side) && 'weightsManifest' in JSON.parse(side) ? { format: tfjsLayers, file: sniffed } : { side };
}

function checkSide({ name, size }: ByteSource, limit: number): void {
  if (size > limit) throw refusal('json-too-large', name, `it is JSON of ${count(size)} bytes; at most ${count(limit)} are read. Drop only the files of the model.`);
}

/** The text of a JSON object, or of a list of results. Results are kept as they are: their own schema judges them. */
function readSide(bytes: Uint8Array, file: string, isResult: boolean): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refusal('bad-utf8', file, 'it looks like JSON but is not valid UTF-8 text. Save it as UTF-8.');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refusal('bad-json', file, `it begins like JSON but is not: ${messageOf(error).slice(0, 160)}. The file is cut or damaged: fetch it again.`);
  }
  if (value === null || typeof value !== 'object' || (Array.isArray(value) && !isResult)) throw refusal('json-not-object', file, 'it is JSON but not an object; expected a config, an index or a report.');
  return text;
}

/** The text of a gzipped result; any other gzip is refused. */
async function gzippedResult(file: Sniffed): Promise<string> {
  const { source } = file;
  const unpack = (limit: number, prefix: boolean) => inflate('gzip', (b, e) => source.read(b, e), 0, source.size, limit, prefix);
  try {
    const start = await unpack(4096, true);
    if (!RESULT.test(new TextDecoder('latin1').decode(start))) throw foreignByContent(file)!;
    return readSide(await unpack(MAX_RESULT, false), source.name, true);
  } catch (error) {
    if (!(error instanceof InflateError)) throw error;
    throw refusal('bad-gzip', source.name, `its gzip data ${error.message} (at most ${count(MAX_RESULT)} bytes are unpacked). The file is cut or damaged: fetch it again.`);
  }
}

function asRefusal(error: unknown, file: string): Refusal {
  if (error instanceof InputError) return { file: error.file ?? file, tensor: error.tensor ?? null, code: error.code, message: error.message };
  if (error instanceof RangeError) return { file, tensor: null, code: 'out-of-memory', message: `${file}: it did not fit in memory (${error.message}). Close other pages and drop it again.` };
  return { file, tensor: null, code: 'internal', message: `${file}: it could not be read because of a fault in this program (${messageOf(error)}). Please report it.` };
}
