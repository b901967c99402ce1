/** Known answers before anything is trusted: exact Grams and Fisher-Grams of integers that float64 can check. */
import { messageOf } from '../base/errors';
import { gramOfIntegers } from '../numerics/exact/integer-gram';
import { exactGramOnGpu } from './exact-gram';
import { exactFisherGramOnGpu } from './fisher-gram';
import type { KernelQueue } from './kernel-queue';
import { GpuLostError } from './kernel-queue';

export interface SelfTestResult {
  readonly ok: boolean;
  /** For the report: what was compared, or what differed. */
  readonly detail: string;
}

/** Two tiles and a bit of either kernel, and samples across the borders of tiles. */
const samples = 3;
const positions = 23;
const p = 67;
const q = 5;
/** Products of such integers over all rows stay below 2^53, and take several moduli. */
const LARGE = 2 ** 22;
/** Fourfold products of such integers, over all positions, do too. */
const SMALL = 2 ** 9;

/** Compares every entry. Throws only GpuLostError. */
export async function selfTest(queue: KernelQueue): Promise<SelfTestResult> {
  const rows = samples * positions;
  const large = integers(rows * p, LARGE, 3);
  const a = integers(rows * p, SMALL, 1);
  const delta = integers(rows * q, SMALL, 2);
  const buffers: GPUBuffer[] = [];
  const upload = (values: Float32Array) => {
    const buffer = queue.upload(values, 'self-test');
    buffers.push(buffer);
    return buffer;
  };
  try {
    const gram = gramOfIntegers(await exactGramOnGpu(queue, upload(large), rows, p));
    const wrong = firstDifference(gram.hi, exactGram(large, rows, p));
    if (wrong) return { ok: false, detail: `The exact Gram's kernels gave ${wrong}.` };
    const fisher = gramOfIntegers(await exactFisherGramOnGpu(queue, upload(a), upload(delta), { samples, positions, p, q }));
    const wrongFisher = firstDifference(fisher.hi, exactFisherGram(a, delta));
    if (wrongFisher) return { ok: false, detail: `The Fisher-Gram's kernels gave ${wrongFisher}.` };
    return { ok: true, detail: `Gram ${p} x ${p} and Fisher-Gram ${samples} x ${samples} of integers: every entry exact.` };
  } catch (error) {
    if (error instanceof GpuLostError) throw error;
    return { ok: false, detail: `The GPU kernels did not run: ${messageOf(error)}` };
  } finally {
    queue.buffers.release(...buffers);
  }
}

/** -bound … bound from a linear congruence (Numerical Recipes' constants). */
function integers(count: number, bound: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * (2 * bound + 1)) - bound;
  });
}

function exactGram(x: Float32Array, rows: number, columns: number): Float64Array {
  const g = new Float64Array(columns * columns);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j < columns; j++) g[i * columns + j]! += x[r * columns + i]! * x[r * columns + j]!;
    }
  }
  return g;
}

/** By gradients that are made. */
function exactFisherGram(a: Float32Array, delta: Float32Array): Float64Array {
  const gradients = new Float64Array(samples * p * q);
  for (let row = 0; row < samples * positions; row++) {
    const at = Math.floor(row / positions) * p * q;
    for (let i = 0; i < p; i++) for (let j = 0; j < q; j++) gradients[at + i * q + j]! += a[row * p + i]! * delta[row * q + j]!;
  }
  const k = new Float64Array(samples * samples);
  for (let i = 0; i < samples; i++) {
    for (let j = 0; j < samples; j++) {
      for (let e = 0; e < p * q; e++) k[i * samples + j]! += gradients[i * p * q + e]! * gradients[j * p * q + e]!;
    }
  }
  return k;
}

function firstDifference(got: Float64Array, want: Float64Array): string | null {
  // Not by `===` on the GPU's side of the world: a NaN differs from everything here, on the CPU.
  const at = want.findIndex((value, i) => got[i] !== value);
  return at < 0 ? null : `${got[at]} where ${want[at]} is exact (entry ${at} of ${want.length})`;
}
