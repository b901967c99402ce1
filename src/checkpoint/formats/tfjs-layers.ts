/**
 * TensorFlow.js layers models: model.json with the topology and a manifest of weights, whose bytes lie one after the other in the files of
 * each group. Decoding, dequantisation too, is that of tfjs-core/src/io/io_utils.ts (4.22).
 */
import { BITS } from '../dtype';
import { baseName, type Contents, type FileFormat, type Sniffed } from '../format';
import type { KerasVariable, Program } from '../program';
import { count, listed, quoted, refusal } from '../refusal';
import { elementCount, StoredTensor } from '../stored-tensor';
import { parseStrictJson, type Json, type JsonObject } from '../strict-json';
import type { ByteSource, DType } from '../types';
import { quantised, readQuantisation, type Quantisation } from '../tfjs-quantisation';
import { dataOf, ShardedBytes } from '../tfjs-shards';

const MAX_MODEL = 256 * 2 ** 20;
const MAX_TENSORS = 1_000_000;
const DTYPES: ReadonlyMap<string, DType> = new Map([['float32', 'f32'], ['float16', 'f16'], ['int32', 'i32'], ['uint16', 'u16'], ['uint8', 'u8'], ['bool', 'bool'], ['complex64', 'c64']]);
const GRAPH = 'it is a TensorFlow.js graph model: a frozen graph of TensorFlow operations, which is not read here; expected a layers model. Drop the Keras file it was made from (.keras, .h5), or convert that: tensorflowjs_converter --input_format=keras --output_format=tfjs_layers_model model.h5 folder.';

export const tfjsLayers: FileFormat = {
  format: 'TensorFlow.js',
  recognises: ({ head }: Sniffed) => head[0] === 0x7b && /"(modelTopology|weightsManifest)"\s*:|"format"\s*:\s*"(layers|graph)-model"/.test(String.fromCharCode(...head)),

  async open({ source }: Sniffed, _signal, beside = []): Promise<Contents> {
    const file = source.name;
    const model = await readModel(source);
    const stated = model.get('modelTopology');
    const topology = stated instanceof Map && stated.has('model_config') ? stated.get('model_config')! : (stated ?? null);
    if (model.get('format') === 'graph-model' || (topology instanceof Map && topology.has('node'))) throw refusal('tfjs-graph', file, GRAPH);

    const groups = readManifest(model, file);
    const companions: ByteSource[] = [];
    const warnings: string[] = [];
    const tensors: StoredTensor[] = [];
    const missing: string[] = [];
    const lost: string[] = [];
    for (const [index, { paths, weights, size }] of groups.entries()) {
      const found = paths.map((path) => beside.find(({ name }) => name === folderOf(file) + path) ?? null);
      const bytes = dataOf(paths, found, size, file);
      missing.push(...paths.filter((_, i) => found[i] === null));
      companions.push(...found.filter((shard) => shard !== null));
      let at = 0;
      for (const weight of weights) {
        if (bytes.has(at, at + weight.size)) tensors.push(tensorOf(weight, bytes, at, `${index}:${at}`, file));
        else lost.push(weight.name);
        at += weight.size;
      }
    }
    if (missing.length > 0) {
      const files = `${missing.length === 1 ? 'a weight file is' : `${count(missing.length)} weight files are`} missing (${listed(missing)})`;
      if (tensors.length === 0) throw refusal('missing-shards', file, `${files}, so that no weight can be read. Drop model.json and all files beside it together.`);
      warnings.push(`${files[0]!.toUpperCase()}${files.slice(1)}, and with ${missing.length === 1 ? 'it' : 'them'} ${count(lost.length)} tensors (${listed(lost, 3)}). Drop all of them together.`);
    }
    const packed = groups.flatMap((group) => group.weights).filter((weight) => weight.quantisation);
    if (packed.length > 0) {
      const types = [...new Set(packed.map((weight) => weight.quantisation!.dtype))].join(', ');
      warnings.push(`${count(packed.length)} of its weights are quantised (${types}): they were restored as TensorFlow.js does, and carry the rounding of it.`);
    }
    if (tensors.length === 0) warnings.push('The file is sound but holds no tensors.');
    return { tensors, metadata: texts(model), warnings, shared: [], companions, ...(topology === null ? {} : { program: programOf(topology, tensors) }) };
  },
};

/** Names of the files beside model.json that hold its weights. Throws InputError. */
export async function weightFiles(source: ByteSource): Promise<string[]> {
  return readManifest(await readModel(source), source.name).flatMap(({ paths }) => paths);
}

async function readModel(source: ByteSource): Promise<JsonObject> {
  const file = source.name;
  if (source.size > MAX_MODEL) throw refusal('json-too-large', file, `it has ${count(source.size)} bytes; at most ${count(MAX_MODEL)} of a model.json are read.`);
  const model = parseStrictJson(await source.read(0, source.size), file, 'the model');
  if (!(model instanceof Map)) throw refusal('json-not-object', file, 'it is JSON but not an object; expected a TensorFlow.js model.');
  return model;
}

interface Weight {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly quantisation: Quantisation | null;
  /** Bytes in the shards. */
  readonly size: number;
}

interface Group {
  readonly paths: readonly string[];
  readonly weights: readonly Weight[];
  readonly size: number;
}

function readManifest(model: JsonObject, file: string): Group[] {
  const manifest = model.get('weightsManifest') ?? [];
  const bad = (found: string) => refusal('tfjs-manifest', file, `${found}. Fetch model.json again, or convert the model again.`);
  if (!Array.isArray(manifest)) throw bad('its weightsManifest is no list of groups');
  const names = new Set<string>();
  const shards = new Set<string>();
  return manifest.map((group) => {
    const paths = group instanceof Map ? group.get('paths') : undefined;
    const entries = group instanceof Map ? group.get('weights') : undefined;
    if (!Array.isArray(paths) || !Array.isArray(entries)) throw bad('a group of its weightsManifest has no list of paths or of weights');
    for (const path of paths) {
      if (typeof path !== 'string' || path === '' || path === '..' || /[/\\]|\.json$/i.test(path)) {
        throw refusal('tfjs-path', file, `it keeps weights in ${typeof path === 'string' ? quoted(path) : 'something other than a file name'}; expected a plain file name beside model.json. Do not use this model.json, or put the file beside it and write its plain name.`);
      }
      if (shards.has(path)) throw bad(`it names the weight file ${quoted(path)} twice`);
      shards.add(path);
    }
    const weights = entries.map((entry) => {
      const weight = readWeight(entry, file);
      if (names.has(weight.name)) throw refusal('duplicate-name', file, 'its weightsManifest names it twice; expected every name once. Convert the model again.', weight.name);
      names.add(weight.name);
      if (names.size > MAX_TENSORS) throw bad(`its weightsManifest has more than ${count(MAX_TENSORS)} weights`);
      return weight;
    });
    return { paths: paths as string[], weights, size: weights.reduce((sum, { size }) => sum + size, 0) };
  });
}

function readWeight(entry: Json, file: string): Weight {
  const name = entry instanceof Map ? entry.get('name') : undefined;
  if (!(entry instanceof Map) || typeof name !== 'string' || name === '') throw refusal('tfjs-manifest', file, 'a weight of its weightsManifest has no name. Convert the model again.');
  const fail = (code: string, sentence: string) => refusal(code, file, `${sentence} Convert the model again.`, name);
  const shape = entry.get('shape');
  if (!Array.isArray(shape) || !shape.every((n) => typeof n === 'number' && n >= 0)) throw fail('bad-shape', 'its shape is no list of whole numbers from 0 on.');
  const stated = entry.get('dtype');
  const quantisation = readQuantisation(entry.get('quantization'), stated ?? null, fail);
  const dtype = typeof stated === 'string' ? DTYPES.get(stated) : undefined;
  if (dtype === undefined) throw fail('bad-dtype', `its dtype is ${typeof stated === 'string' ? quoted(stated) : 'missing'}; expected one of ${[...DTYPES.keys()].join(', ')}.`);
  const n = elementCount(shape as number[]);
  const size = n === null ? Infinity : (n * BITS[quantisation?.stored ?? dtype]) / 8;
  if (!Number.isSafeInteger(size)) throw fail('shape-too-large', 'its shape counts more elements than any file can hold.');
  return { name, dtype, shape: shape as number[], quantisation, size };
}

function tensorOf({ name, dtype, shape, quantisation, size }: Weight, bytes: ShardedBytes, at: number, place: string, file: string): StoredTensor {
  const stored = { sliceable: true, read: (begin: number, end: number) => bytes.read(at + begin, at + end) };
  const home = size === 0 ? file : bytes.fileAt(at);
  return new StoredTensor(name, dtype, shape, home, quantisation ? quantised(stored, quantisation, dtype) : stored, place);
}

/** 'sequential/dense_1/kernel' is variable 'kernel' of layer 'dense_1'. */
function programOf(topology: Json, tensors: readonly StoredTensor[]): Program {
  const variables = new Map<string, KerasVariable[]>();
  for (const { name } of tensors) {
    const [layer, role] = name.split('/').slice(-2);
    if (role === undefined) continue;
    variables.set(layer!, [...(variables.get(layer!) ?? []), { role, tensor: name }]);
  }
  return { kind: 'keras', config: topology, variables };
}

/** Who wrote the file. */
function texts(model: JsonObject): Map<string, string> {
  return new Map([...model].flatMap(([key, value]) => (typeof value === 'string' && key !== 'modelTopology' ? [[key, value.slice(0, 1000)] as const] : [])));
}

function folderOf(path: string): string {
  return path.slice(0, path.length - baseName(path).length);
}
