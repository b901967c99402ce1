/** The WebAssembly engine: its modules, and instances of them on a memory of their own for each workspace that is open. */
import type { HotLoops } from '../hot-loops';
import type { Engine, Workspace } from '../workspace';
import { byteKernels, kernels, relaxedKernels } from './kernels';

/** Instances with more memory than this are not kept for the next workspace: WebAssembly memory never shrinks. */
const KEEP_BYTES = 32 * 2 ** 20;
const KEEP_INSTANCES = 4;
const PAGE_BYTES = 65536;
/** Arrays start at multiples of a cache line. */
const LINE_WORDS = 8;
/** Arrays that are held in a workspace at most; each may be followed by a gap. */
const ARRAYS = 32;

/**
 * Null where there is no WebAssembly, no SIMD in it, or a content policy that forbids it. With relaxed SIMD, where it is there and
 * not declined, exact products are faster and have the same bits (HotLoops).
 */
export function webAssembly({ relaxed = true } = {}): Engine | null {
  const strict = compiled(kernels);
  if (!strict) return null;
  const [faster, bytes] = relaxed ? [compiled(relaxedKernels), compiled(byteKernels)] : [null, null];
  const modules = faster ? [strict, faster] : [strict];
  return bytes && multipliesBytes(bytes) ? new WasmEngine([...modules, bytes], true) : new WasmEngine(modules, false);
}

/**
 * Whether relaxed sums of products of bytes are one instruction, by what it gives for -128 times 255 (or times -1, which is the same byte), four times:
 * the sum itself where all four are summed at once (x86 with VNNI: unsigned by signed; Arm: signed), another where pairs are cut off at
 * 16 bits first, which takes three instructions. And whether it is right: V8 11.3 doubles it.
 */
function multipliesBytes(module: WebAssembly.Module): boolean {
  const instance = new Instance([module]);
  const work = instance.workspace(() => {});
  const [panels, across, sums] = [work.array(8), work.array(1), work.array(32)];
  new Int32Array(across.buffer, across.byteOffset, 1)[0] = 1;
  const dot = (left: number, right: number) => {
    const bytes = new Int8Array(panels.buffer, panels.byteOffset, 64);
    bytes.fill(left, 0, 32).fill(right, 32);
    work.loops.multiplyBytes(panels, 0, 4, across, 0, 1, 1, 1, sums.fill(0), 0);
    return new Int32Array(sums.buffer, sums.byteOffset, 1)[0]!;
  };
  return dot(-80, 127) === 4 * -80 * 127 && [4 * -128 * 255, 4 * -128 * -1].includes(dot(-128, -1));
}

/** Null where the module is not understood or not allowed. */
function compiled(module: string): WebAssembly.Module | null {
  try {
    return new WebAssembly.Module(Uint8Array.from(atob(module), (c) => c.charCodeAt(0)));
  } catch {
    return null;
  }
}

class WasmEngine implements Engine {
  readonly name = 'WebAssembly SIMD';
  private readonly idle: Instance[] = [];

  constructor(
    private readonly modules: readonly WebAssembly.Module[],
    readonly bytes: boolean,
  ) {}

  /** The smallest idle instance that is large enough, or a new one. Memory grows only while nobody holds a view of it. */
  open(words: number): Workspace {
    const bytes = 8 * (words + ARRAYS * LINE_WORDS);
    const fitting = this.idle.filter((i) => i.memory.buffer.byteLength >= bytes);
    const best = fitting.sort((a, b) => a.memory.buffer.byteLength - b.memory.buffer.byteLength)[0] ?? this.idle[0];
    const instance = best ? this.idle.splice(this.idle.indexOf(best), 1)[0]! : new Instance(this.modules);
    instance.reserve(bytes);
    return instance.workspace(() => {
      if (this.idle.length < KEEP_INSTANCES && instance.memory.buffer.byteLength <= KEEP_BYTES) this.idle.push(instance);
    });
  }
}

type Kernel = (...values: number[]) => void;

class Instance {
  readonly memory = new WebAssembly.Memory({ initial: 1 });
  private readonly loops: HotLoops;

  /** A loop of a later module takes the place of one before. */
  constructor(modules: readonly WebAssembly.Module[]) {
    const exports = modules.flatMap((module) => Object.entries(new WebAssembly.Instance(module, { env: { memory: this.memory } }).exports));
    this.loops = Object.fromEntries(exports.map(([name, kernel]) => [name, onAddresses(kernel as Kernel)])) as unknown as HotLoops;
  }

  reserve(bytes: number): void {
    const missing = bytes - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE_BYTES));
  }

  workspace(done: () => void): Workspace {
    const { buffer } = this.memory;
    // Address 0 stays free: loops may compute an end a little below the start of an array.
    let next = LINE_WORDS;
    const array = (length: number) => {
      const values = new Float64Array(buffer, 8 * next, length);
      next += Math.ceil(length / LINE_WORDS) * LINE_WORDS;
      return values;
    };
    return {
      loops: this.loops,
      array,
      zeros: (length) => array(length).fill(0),
      mark: () => next,
      reset: (mark) => void (next = mark),
      release: done,
    };
  }
}

type Operand = number | Float64Array | undefined;

/** Numbers go to the kernel as they are, arrays as their addresses. */
const word = (x: Operand) => (typeof x === 'object' ? x.byteOffset : x) as number;

/** As many parameters as the longest kernel has, by name: lists of them would be made anew at each call. What is beyond is ignored. */
function onAddresses(kernel: Kernel): Kernel {
  const call = (a: Operand, b: Operand, c: Operand, d: Operand, e: Operand, f: Operand, g: Operand, h: Operand, i: Operand, j: Operand, k: Operand) =>
    kernel(word(a), word(b), word(c), word(d), word(e), word(f), word(g), word(h), word(i), word(j), word(k));
  return call as Kernel;
}
