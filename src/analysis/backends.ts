/** The backends of one engine: float64 on the CPU always, WebGPU opened when a request asks for it or `auto` finds it worth a look. */
import { InputError } from '../base/errors';
import type { MeasuredNumerics } from '../numerics/rates';
import type { Numerics } from '../numerics/types';
import type { ChooseNumerics, Chosen } from './analyze';
import { chooseBackend, withoutGpu, type GpuFacts } from './choice';
import type { Backend } from './request';

/** Opens WebGPU, or says in a sentence why not. */
export type OpenGpu = (options: { allowSoftware: boolean }) => Promise<MeasuredNumerics | { reason: string }>;

const BY_NAME = 'It was asked for by name.';

export class Backends {
  private gpu: MeasuredNumerics | null = null;

  /** @param workers Grams and decompositions that the CPU makes at a time. */
  constructor(
    readonly reference: Numerics,
    private readonly workers: number,
    private readonly openGpu: OpenGpu,
  ) {}

  /** For `Means.numerics`. Throws InputError `no-webgpu` where WebGPU is asked for by name and cannot be had. */
  asked(backend: Backend): ChooseNumerics {
    return async (work) => {
      if (backend === 'cpu-f64') return this.cpu(BY_NAME);
      if (backend === 'webgpu') {
        const gpu = await this.look(true);
        if ('refusal' in gpu) throw new InputError('no-webgpu', `WebGPU cannot be used here: ${gpu.refusal} Choose the backend cpu-f64.`);
        return { numerics: this.gpu!, choice: { reason: BY_NAME, adapter: gpu.adapter, rates: gpu.rates } };
      }
      const early = withoutGpu(work, this.workers);
      if (early) return this.cpu(early.reason);
      const gpu = await this.look(false);
      const { backend: name, reason } = chooseBackend(work, this.workers, gpu);
      if ('refusal' in gpu) return this.cpu(reason);
      return { numerics: name === 'webgpu' ? this.gpu! : this.reference, choice: { reason, adapter: gpu.adapter, rates: gpu.rates } };
    };
  }

  /** After a device was lost: it never comes back, so the next request opens a new one. */
  forgetGpu(): void {
    this.gpu?.dispose();
    this.gpu = null;
  }

  dispose(): void {
    this.forgetGpu();
    this.reference.dispose();
  }

  private cpu(reason: string): Chosen {
    return { numerics: this.reference, choice: { reason, adapter: null, rates: null } };
  }

  private async look(allowSoftware: boolean): Promise<GpuFacts> {
    if (!this.gpu) {
      const opened = await this.openGpu({ allowSoftware });
      if ('reason' in opened) return { refusal: opened.reason };
      this.gpu = opened;
    }
    const { device, software, measured } = this.gpu;
    return { adapter: device, software, rates: measured?.rates ?? null };
  }
}
