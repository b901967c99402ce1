/**
 * Weights of Keras in HDF5: the legacy form, whose attributes list layers and weights (keras/src/legacy/saving/legacy_h5_format.py), and the
 * one that numbers them, 'layers/dense/vars/0' (keras/src/saving/saving_lib.py).
 */
import { InputError } from '../base/errors';
import type { Hdf5Object } from './hdf5/file';
import type { KerasVariable } from './program';
import { listed, refusal } from './refusal';
import type { StoredTensor } from './stored-tensor';
import { parseStrictJson, type Json } from './strict-json';

export interface KerasWeights {
  readonly tensors: readonly StoredTensor[];
  readonly variables: ReadonlyMap<string, readonly KerasVariable[]>;
  readonly warnings: readonly string[];
}

type Objects = ReadonlyMap<string, Hdf5Object>;

/** State of training, which no forward pass reads. */
export const isTrainingState = (path: string): boolean => path === 'optimizer' || path === 'optimizer_weights';

const NUMBERED = /^(?:.*\/)?vars\/\d+$/;
/** Layers of the model itself; the second name is that of Keras 2.12. */
const CONTAINERS = ['layers', '_layer_checkpoint_dependencies'];

/** Null where Keras did not write this file. Throws InputError. */
export function readWeights(objects: Objects, config: Json, file: string): KerasWeights | null {
  const root = ['model_weights', ''].find((path) => textsOf(objects.get(path), 'layer_names') !== null);
  if (root !== undefined) return named(objects, root, file);
  return [...objects].some(([path, object]) => object.dataset !== null && NUMBERED.test(path)) ? numbered(objects, config, file) : null;
}

/** A list of texts, which is stored in several where it is long: 'weight_names0', 'weight_names1'. */
function textsOf(object: Hdf5Object | undefined, key: string): string[] | null {
  const whole = object?.texts.get(key);
  if (whole) return [...whole];
  const parts: string[] = [];
  for (let i = 0; object?.texts.has(`${key}${i}`); i++) parts.push(...object.texts.get(`${key}${i}`)!);
  return parts.length > 0 ? parts : null;
}

function named(objects: Objects, root: string, file: string): KerasWeights {
  const reader = new Reader(objects, file);
  const under = (path: string) => (root === '' ? path : `${root}/${path}`);
  const variables = new Map<string, KerasVariable[]>();
  const absent: string[] = [];
  for (const layer of new Set([...textsOf(objects.get(root), 'layer_names')!, 'top_level_model_weights'])) {
    const found: KerasVariable[] = [];
    for (const weight of textsOf(objects.get(under(layer)), 'weight_names') ?? []) {
      const path = `${under(layer)}/${weight}`;
      const plain = weight.replace(/:0$/, '');
      const tensor = reader.take(path, reader.has(plain) ? `${layer}/${weight}` : plain);
      if (tensor) found.push({ role: plain.slice(plain.lastIndexOf('/') + 1), tensor });
      else if (!objects.has(path)) absent.push(`${layer}/${weight}`);
    }
    variables.set(layer, found);
  }
  if (absent.length > 0) reader.warnings.push(`${absent.length} weights that it names are not in it: ${listed(absent)}. Save it again with Keras.`);
  reader.takeRest((path) => (root === '' ? path : path.startsWith(`${root}/`) ? path.slice(root.length + 1) : null));
  return { tensors: reader.tensors, variables, warnings: reader.warnings };
}

function numbered(objects: Objects, config: Json, file: string): KerasWeights {
  const reader = new Reader(objects, file);
  reader.takeRest((path) => path);
  const variables = new Map<string, KerasVariable[]>();
  const byPath = new Map<string, KerasVariable[]>();
  for (const { name } of reader.tensors) {
    const [, container, layer, index] = /^([^/]+)\/([^/]+)\/vars\/(\d+)$/.exec(name) ?? [];
    if (container === undefined || !CONTAINERS.includes(container)) continue;
    const path = `${container}/${layer}`;
    if (!byPath.has(path)) byPath.set(path, []);
    byPath.get(path)![Number(index)] = { role: null, tensor: name };
  }
  const names = layerNames(config);
  for (const [path, found] of byPath) {
    const layer = textsOf(objects.get(`${path}/vars`), 'name')?.[0] ?? names.get(path.slice(path.indexOf('/') + 1));
    // What is not numbered from 0 on without a gap is not known by its number.
    if (layer !== undefined && Object.keys(found).length === found.length) variables.set(layer, found);
  }
  return { tensors: reader.tensors, variables, warnings: reader.warnings };
}

/** The group of each layer, which is named by its class and counted: the second Dense is 'dense_1', whatever its own name. */
function layerNames(config: Json): Map<string, string> {
  const inner = config instanceof Map ? config.get('config') : undefined;
  const layers = inner instanceof Map ? inner.get('layers') : inner;
  const counts = new Map<string, number>();
  const names = new Map<string, string>();
  for (const layer of Array.isArray(layers) ? layers : []) {
    if (!(layer instanceof Map)) continue;
    const [kind, settings, module] = [layer.get('class_name'), layer.get('config'), layer.get('module')];
    const name = settings instanceof Map ? settings.get('name') : undefined;
    if (typeof kind !== 'string' || typeof name !== 'string' || (typeof module === 'string' && module.includes('.ops'))) continue;
    const group = snakeCase(kind);
    const n = counts.get(group) ?? 0;
    counts.set(group, n + 1);
    names.set(n === 0 ? group : `${group}_${n}`, name);
  }
  return names;
}

/** keras/src/utils/naming.py */
function snakeCase(name: string): string {
  return name.replace(/\W+/g, '').replace(/(.)([A-Z][a-z]+)/g, '$1_$2').replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
}

/** Takes datasets as tensors; one that cannot be read is left out by name. */
class Reader {
  readonly tensors: StoredTensor[] = [];
  readonly warnings: string[] = [];
  private readonly taken = new Set<string>();
  private readonly names = new Set<string>();

  constructor(
    private readonly objects: Objects,
    private readonly file: string,
  ) {}

  has(name: string): boolean {
    return this.names.has(name);
  }

  take(path: string, name: string): string | null {
    const dataset = this.objects.get(path)?.dataset;
    if (!dataset || this.taken.has(path)) return null;
    if (this.names.has(name)) throw refusal('duplicate-name', this.file, 'two of its weights come to this name; expected every name once. Save it again with Keras.', name);
    this.taken.add(path);
    try {
      this.tensors.push(dataset(name));
      this.names.add(name);
      return name;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.warnings.push(`Left out: ${error.message}`);
      return null;
    }
  }

  /** Every other dataset, by the name that `rename` gives; null leaves it out. */
  takeRest(rename: (path: string) => string | null): void {
    for (const path of this.objects.keys()) {
      const name = rename(path);
      if (name !== null && !this.taken.has(path)) this.take(path, name);
    }
  }
}

/** The model that a text describes; null with a warning where it is no strict JSON. */
export function readConfig(text: Uint8Array, file: string, warnings: string[]): Json | null {
  try {
    return parseStrictJson(text, file, "the model's config");
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    warnings.push(`The weights are read without their model: ${error.message}`);
    return null;
  }
}
