/** The one rule of `auto`: which backend a request runs on, from what it takes and what was measured. */
import type { Rates } from '../numerics/rates';
import { AT_ONCE, TYPICAL_CPU, secondsOf, type Work } from './cost';

/**
 * float64 layers read a deeper tail than float32 ones and give the same numbers on every machine, so WebGPU has to save waiting that
 * a person would feel: what the CPU does in AT_ONCE seconds stays there, and so does what a GPU does not do this many times faster.
 */
const WORTH_FLOAT32 = 3;

/** What is known of a GPU; `rates` is null where it could not be measured. */
export interface GpuFacts {
  readonly adapter: string;
  readonly software: boolean;
  readonly rates: { readonly gpu: Rates; readonly cpu: Rates } | null;
  /** Bytes of one tile of a tensor at most; absent: as many as there are. */
  readonly binding?: number;
}

export interface Verdict {
  readonly backend: 'cpu-f64' | 'webgpu';
  /** One sentence for the report. */
  readonly reason: string;
}

export const NO_LAYERS = 'There are no layers to run: weights and recorded taps are read in float64 on the CPU.';

/** `cpu-f64` where no GPU could change the verdict: then none is opened. Null: look at the GPU. */
export function withoutGpu(work: Work, workers: number): Verdict | null {
  if (work.passes === 0) return { backend: 'cpu-f64', reason: NO_LAYERS };
  const seconds = onCpu(work, TYPICAL_CPU, workers);
  if (seconds > AT_ONCE) return null;
  return {
    backend: 'cpu-f64',
    reason: `The CPU takes ${about(seconds)} in float64, which reads a deeper tail than a GPU and gives the same numbers everywhere.`,
  };
}

/** What the report says of parameters that a shader cannot be handed in one piece (numerics/tiles.ts); nothing where it can be handed all. */
export function tilesOf({ largest }: Work, { adapter, binding = Infinity }: GpuFacts): string {
  const bytes = 4 * (largest?.values ?? 0);
  if (bytes <= binding) return '';
  return ` '${largest!.name}' takes ${megabytes(bytes)} in float32 and is kept in tiles: ${adapter} hands its shaders ${megabytes(binding)} at most.`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

/** @param workers Grams and decompositions that the CPU makes at a time. */
export function chooseBackend(work: Work, workers: number, gpu: GpuFacts): Verdict {
  const early = withoutGpu(work, workers);
  if (early) return early;
  if (gpu.software) return { backend: 'cpu-f64', reason: `${gpu.adapter} emulates a GPU: the float64 CPU code is faster.` };
  if (!gpu.rates) return { backend: 'cpu-f64', reason: `The speed of ${gpu.adapter} could not be measured, so the float64 CPU code is used.` };
  const cpuSeconds = onCpu(work, gpu.rates.cpu, workers);
  const gpuSeconds = secondsOf(work, gpu.rates.gpu, { grams: 1, solves: workers });
  const estimate = `about ${about(cpuSeconds)} on the CPU and ${about(gpuSeconds)} on ${gpu.adapter}, by their measured speeds`;
  if (cpuSeconds <= AT_ONCE) return { backend: 'cpu-f64', reason: `This takes ${estimate}: short enough for float64.` };
  if (cpuSeconds < WORTH_FLOAT32 * gpuSeconds) {
    return { backend: 'cpu-f64', reason: `This takes ${estimate}: not ${WORTH_FLOAT32} times faster, so float64 is worth the wait.` };
  }
  return { backend: 'webgpu', reason: `This takes ${estimate}: the layers run in float32 to save the wait.` };
}

function onCpu(work: Work, rates: Rates, workers: number): number {
  return secondsOf(work, rates, { grams: workers, solves: workers });
}

function about(seconds: number): string {
  if (seconds < 1) return 'less than a second';
  return seconds < 100 ? `about ${Math.round(seconds)} s` : `about ${Math.round(seconds / 60)} min`;
}
