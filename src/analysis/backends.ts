/** The backends of one engine: float64 on the CPU always, WebGPU opened when a request asks for it or `auto` finds it worth a look. */
import { InputError, messageOf } from '../base/errors';
import type { MeasuredNumerics } from '../numerics/rates';
import type { Numerics } from '../numerics/types';
import type { ChooseNumerics, Chosen } from './analyze';
import { chooseBackend, tilesOf, withoutGpu, type GpuFacts } from './choice';
import type { Work } from './cost';
import type { Backend } from './request';

/** Opens WebGPU, or says in a sentence why not. */
export type OpenGpu = (options: { allowSoftware: boolean }) => Promise<MeasuredNumerics | { reason: string }>;

/** Work that nobody looks at: the backend is asked for by name. */
const UNKNOWN: Work = { passes: 0, grams: 0, solves: 0, factors: 0 };

const BY_NAME = 'It was asked for by name.';

/** Codes of errors that are the GPU's, not the person's. */
const FAILURES = ['gpu-lost', 'gpu-out-of-memory', 'gpu-failed'];

export class Backends {
  private gpu: MeasuredNumerics | null = null;

  /** @param workers Grams and decompositions that the CPU makes at a time. */
  constructor(
    readonly reference: Numerics,
    private readonly workers: number,
    private readonly openGpu: OpenGpu,
  ) {}

  /**
   * Runs an analysis on the backend that was asked for. What `auto` had put on a GPU that fails is done again in float64, and what does not fit
   * into the tiles of an adapter whoever asked for it. Throws InputError `no-webgpu` where WebGPU is asked for by name and cannot be had.
   */
  async run<R>(asked: Backend, analysis: (numerics: ChooseNumerics) => Promise<R>): Promise<R> {
    try {
      return await analysis((work) => this.choose(asked, work));
    } catch (error) {
      const { code = '' } = error as { code?: string };
      // A lost device never comes back: the next request opens a new one.
      if (code === 'gpu-lost') this.closeGpu();
      if (code === 'tensor-too-large') return analysis(async () => this.cpu(`${messageOf(error)} This runs in float64 on the CPU.`));
      if (asked !== 'auto' || !FAILURES.includes(code)) throw error;
      return analysis(async () => this.cpu(`The GPU failed, so this was done again in float64 on the CPU. ${messageOf(error)}`));
    }
  }

  /** Runs on the backend of this name and no other: for what cannot be priced beforehand. Throws InputError `no-webgpu` as `run` does. */
  withNamed<R>(name: Exclude<Backend, 'auto'>, task: (numerics: Numerics) => Promise<R>): Promise<R> {
    return this.run(name, async (choose) => task((await choose(UNKNOWN)).numerics));
  }

  dispose(): void {
    this.closeGpu();
    this.reference.dispose();
  }

  private async choose(asked: Backend, work: Work): Promise<Chosen> {
    if (asked === 'cpu-f64') return this.cpu(BY_NAME);
    const early = asked === 'auto' ? withoutGpu(work, this.workers) : null;
    if (early) return this.cpu(early.reason);
    const gpu = await this.look(asked === 'webgpu');
    if ('refusal' in gpu) {
      if (asked === 'webgpu') throw new InputError('no-webgpu', `WebGPU cannot be used here: ${gpu.refusal} Choose the backend cpu-f64.`);
      return this.cpu(gpu.refusal);
    }
    const { backend, reason } = asked === 'webgpu' ? { backend: asked, reason: BY_NAME } : chooseBackend(work, this.workers, gpu);
    const choice = { adapter: gpu.adapter, rates: gpu.rates };
    if (backend === 'cpu-f64') return { numerics: this.reference, choice: { ...choice, reason } };
    return { numerics: this.gpu!, choice: { ...choice, reason: reason + tilesOf(work, gpu) } };
  }

  private async look(allowSoftware: boolean): Promise<GpuFacts | { refusal: string }> {
    if (!this.gpu) {
      const opened = await this.openGpu({ allowSoftware });
      if ('reason' in opened) return { refusal: opened.reason };
      this.gpu = opened;
    }
    const { device, software, measured, binding } = this.gpu;
    return { adapter: device, software, rates: measured?.rates ?? null, ...(binding !== undefined && { binding }) };
  }

  private cpu(reason: string): Chosen {
    return { numerics: this.reference, choice: { reason, adapter: null, rates: null } };
  }

  private closeGpu(): void {
    this.gpu?.dispose();
    this.gpu = null;
  }
}
