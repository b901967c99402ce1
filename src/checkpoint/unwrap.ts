/** From the object that a training script saved to named tensors: one wrapper dict taken off, nested dicts joined with dots. */
import { sequence } from './pickle-globals';
import { Dict, Global, kindOf, NumpyDType, Opaque, Storage, TensorView, Tuple, type Value } from './pickle-values';
import { count, listed, quoted, refusal } from './refusal';

/** Keys under which training scripts keep the weights; on a tie the earlier one is taken. */
const WRAPPERS = ['state_dict', 'model_state_dict', 'model', 'module', 'net', 'network', 'params', 'weights', 'ema', 'ema_state_dict', 'student', 'teacher'];
const TRAINING_STATE = /^(optimi[sz]er|optim$|optim_|lr_sched|scheduler|scaler|grad_scaler|amp|.*rng_state|callbacks$|loops$)/;
/** Wrappers of DataParallel, torch.compile and FSDP. */
const PREFIXES = ['module.', '_orig_mod.', '_fsdp_wrapped_module.'];
const MAX_DEPTH = 10_000;
const MAX_METADATA = 10_000;
const MAX_LIST = 64;

export interface NamedTensors {
  readonly tensors: Map<string, TensorView>;
  /** Tensors without dimensions beside the weights, such as the loss of a training loop (nanoGPT's best_val_loss). */
  readonly scalars: Map<string, TensorView>;
  readonly metadata: Map<string, string>;
  readonly warnings: string[];
}

/** `opcodes`: how many the pickle had; values reached much more often than that are an expansion attack. Throws InputError. */
export function nameTensors(root: Value, opcodes: number, file: string, loneName: string): NamedTensors {
  const warnings: string[] = [];
  const walker = new Walker(file, 4 * opcodes + 10_000, warnings);
  if (root instanceof TensorView) return { tensors: new Map([[loneName, root]]), scalars: new Map(), metadata: new Map(), warnings };
  const chosen = chooseWrapper(root, walker, warnings);
  walker.walk(chosen.value, '', true);
  for (const [key, value] of chosen.beside) walker.walk(value, key, false);
  const scalars = new Map(chosen.beside.flatMap(([key, value]) => (value instanceof TensorView ? [[key, value] as const] : [])));
  if (walker.tensors.size === 0) throw noTensors(chosen.value, walker, file);
  const tensors = stripPrefixes(walker.tensors, warnings);
  if (walker.modules.length > 0) warnings.push(`${listed(walker.modules)}: whole pickled modules were left out; only their state_dict() can be read.`);
  if (walker.arrays.length > 0) warnings.push(`${listed(walker.arrays)}: pickled numpy arrays were left out. Save them as torch tensors, or with np.savez.`);
  return { tensors, scalars, metadata: walker.metadata, warnings };
}

function noTensors(root: Value, walker: Walker, file: string) {
  if (walker.modules.length > 0) {
    const at = walker.modules[0] === '' ? 'model' : `checkpoint[${quoted(walker.modules[0]!)}]`;
    return refusal('whole-module', file, `it holds a whole pickled module, whose classes are code; expected a dict of tensors. In Python: torch.save(${at}.state_dict(), "state_dict.pt").`);
  }
  if (walker.arrays.length > 0) return refusal('numpy-in-pickle', file, `it holds pickled numpy arrays (${listed(walker.arrays)}); expected torch tensors. In Python: np.savez("weights.npz", **arrays).`);
  return refusal('no-tensors', file, `it holds no tensors: its top level is ${kindOf(root)}. Expected a dict of tensors: torch.save(model.state_dict(), "state_dict.pt").`);
}

/** The dict to name tensors in, and the scalars beside it. */
function chooseWrapper(root: Value, walker: Walker, warnings: string[]): { value: Value; beside: [string, Value][] } {
  const dict = root instanceof Opaque ? root.entries : root;
  if (!(dict instanceof Dict)) return { value: root, beside: [] };
  const children = [...dict.entries].map(([key, value]) => ({ key: String(key), value, tensors: walker.countTensors(value) }));
  const wrappers = children.filter((c) => WRAPPERS.includes(c.key) && !(c.value instanceof TensorView) && c.tensors > 0);
  wrappers.sort((a, b) => b.tensors - a.tensors || WRAPPERS.indexOf(a.key) - WRAPPERS.indexOf(b.key));
  const [best, second] = wrappers;
  const others = children.filter((c) => !WRAPPERS.includes(c.key) && !TRAINING_STATE.test(c.key));
  if (best === undefined || others.reduce((sum, c) => sum + c.tensors, 0) > best.tensors) return { value: root, beside: [] };
  if (second?.tensors === best.tensors) {
    warnings.push(`${quoted(best.key)} and ${quoted(second.key)} hold ${count(best.tensors)} tensors each; ${quoted(best.key)} was taken. To read the other, save it alone.`);
  }
  const isScalar = (value: Value) => value instanceof TensorView && sequence(value.shape)?.length === 0;
  const left = children.filter((c) => c !== best && ((c.tensors > 0 && !isScalar(c.value)) || TRAINING_STATE.test(c.key)));
  if (left.length > 0) {
    const names = left.map((c) => (c.tensors > 0 ? `${quoted(c.key)} (${count(c.tensors)} ${c.tensors === 1 ? 'tensor' : 'tensors'})` : quoted(c.key)));
    warnings.push(`The weights were read from ${quoted(best.key)}; left out beside it: ${names.slice(0, 12).join(', ')}${names.length > 12 ? ` and ${names.length - 12} more` : ''}.`);
  }
  return { value: best.value, beside: children.filter((c) => c !== best && !left.includes(c)).map((c) => [c.key, c.value]) };
}

function stripPrefixes(tensors: Map<string, TensorView>, warnings: string[]): Map<string, TensorView> {
  let names = [...tensors.keys()];
  let removed = '';
  for (;;) {
    const prefix = PREFIXES.find((p) => names.every((name) => name.startsWith(p) && name.length > p.length));
    if (prefix === undefined) break;
    names = names.map((name) => name.slice(prefix.length));
    removed += prefix;
  }
  if (removed === '') return tensors;
  warnings.push(`The prefix ${quoted(removed)}, which all names share, was taken off.`);
  const views = [...tensors.values()];
  return new Map(names.map((name, i) => [name, views[i]!]));
}

interface Frame {
  container: Value;
  children: Iterator<[string, Value]>;
  path: string;
  takesTensors: boolean;
}

/** Visits nested containers without recursion. */
class Walker {
  readonly tensors = new Map<string, TensorView>();
  readonly metadata = new Map<string, string>();
  readonly modules: string[] = [];
  readonly arrays: string[] = [];
  private visits = 0;
  private cyclic = false;

  constructor(
    private readonly file: string,
    private readonly budget: number,
    private readonly warnings: string[],
  ) {}

  countTensors(value: Value): number {
    let tensors = 0;
    const seen = new Set<Value>();
    const waiting = [value];
    while (waiting.length > 0) {
      const next = waiting.pop()!;
      this.spend();
      if (next instanceof TensorView) tensors++;
      else if (isContainer(next) && !seen.has(next)) {
        seen.add(next);
        const dict = next instanceof Opaque ? next.entries : next;
        const items = dict instanceof Dict ? dict.entries.values() : dict instanceof Tuple ? dict.items : dict;
        for (const child of items) if (typeof child === 'object' && child !== null) waiting.push(child);
      }
    }
    return tensors;
  }

  walk(root: Value, name: string, takesTensors: boolean): void {
    const frames: Frame[] = [];
    const open = new Set<Value>();
    this.enter(root, name, takesTensors, frames, open);
    while (frames.length > 0) {
      const frame = frames[frames.length - 1]!;
      const next = frame.children.next();
      if (next.done) {
        open.delete(frame.container);
        frames.pop();
        continue;
      }
      const [key, value] = next.value;
      this.enter(value, frame.path === '' ? key : `${frame.path}.${key}`, frame.takesTensors, frames, open);
    }
  }

  private enter(value: Value, path: string, takesTensors: boolean, frames: Frame[], open: Set<Value>): void {
    this.spend();
    if (value instanceof TensorView) {
      if (!takesTensors) return;
      if (this.tensors.has(path)) throw refusal('duplicate-name', this.file, 'two tensors come to this name when nested dicts are joined; expected one. Save a flat state_dict().', path);
      this.tensors.set(path, value);
    } else if (isContainer(value)) {
      if (open.has(value)) {
        if (!this.cyclic) this.warnings.push(`${quoted(path)} contains itself; the inner one was left out.`);
        this.cyclic = true;
        return;
      }
      if (frames.length >= MAX_DEPTH) throw refusal('pickle-too-deep', this.file, `its containers are nested more than ${count(MAX_DEPTH)} deep; no checkpoint is. It was built to mislead: do not use it.`);
      if (value instanceof Opaque && value.state instanceof Dict) {
        if (isModule(value.state)) return void this.modules.push(path);
        frames.push({ container: value.state, children: childrenOf(value.state), path, takesTensors: false });
        open.add(value.state);
      } else if (value instanceof Opaque && value.global.name === '_reconstruct' && value.global.module.startsWith('numpy')) this.arrays.push(path);
      open.add(value);
      frames.push({ container: value, children: childrenOf(value), path, takesTensors });
    } else this.scalar(path, value);
  }

  private scalar(path: string, value: Value): void {
    if (this.metadata.size >= MAX_METADATA || value instanceof Uint8Array || value instanceof Storage || value instanceof NumpyDType) return;
    this.metadata.set(path, value instanceof Global ? value.path : String(value));
  }

  private spend(): void {
    if (++this.visits > this.budget) throw refusal('pickle-expansion', this.file, 'the same few values are nested in each other so that they expand without end. It was built to mislead: do not use it.');
  }
}

function isContainer(value: Value): value is Dict | Tuple | Value[] | Opaque {
  return value instanceof Dict || value instanceof Tuple || Array.isArray(value) || value instanceof Opaque;
}

function* childrenOf(value: Dict | Tuple | Value[] | Opaque): Generator<[string, Value]> {
  if (value instanceof Dict || value instanceof Opaque) {
    for (const [key, child] of (value instanceof Opaque ? value.entries : value).entries) yield [keyText(key), child];
    return;
  }
  const items = value instanceof Tuple ? value.items : value;
  // Long lists of numbers are histories, not settings.
  for (let i = 0; i < items.length; i++) if (items.length <= MAX_LIST || isContainer(items[i]!) || items[i] instanceof TensorView) yield [String(i), items[i]!];
}

function keyText(key: Value): string {
  return typeof key === 'object' && key !== null ? kindOf(key) : String(key);
}

function isModule(state: Dict): boolean {
  return state.entries.has('_parameters') && state.entries.has('_modules');
}
