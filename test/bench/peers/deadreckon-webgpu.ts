/** Our kernels on WebGPU, from rows in a buffer of the device. */
import { openDevice } from '../../../src/gpu/device';
import { exactGramOnGpu } from '../../../src/gpu/exact-gram';
import { gramOnGpu } from '../../../src/gpu/gram';
import { KernelQueue } from '../../../src/gpu/kernel-queue';
import { tune } from '../../../src/gpu/tuning';
import { gramOfIntegers } from '../../../src/numerics/exact/integer-gram';
import type { GramProblem, GramResult, Job, PeerModule } from '../implementation';
import { gpuOf } from './gpu';

export const open: PeerModule['open'] = async (host) => {
  const opened = await openDevice(await gpuOf(host), { allowSoftware: true });
  if ('refused' in opened) throw new Error(opened.reason);
  const queue = new KernelQueue(opened);
  // As at a start on hardware; the guess for software adapters needs no compilation of the others.
  if (!queue.software) for (const family of ['gram', 'exactGram'] as const) await tune(queue, family, 90);
  const job = (roundoff: number, { x }: GramProblem, compute: (buffer: GPUBuffer) => Promise<GramResult>): Job<GramResult> => {
    const buffer = queue.upload(x, 'rows');
    return {
      roundoff,
      async run() {
        const result = await compute(buffer);
        return { result: () => result };
      },
      dispose: () => queue.buffers.release(buffer),
    };
  };
  return {
    name: 'deadreckon-webgpu',
    tasks: {
      'gram-f32': (problem) => job(2 ** -24, problem, async (x) => ({ hi: await gramOnGpu(queue, x, problem.rows, problem.columns) })),
      'gram-exact': (problem) =>
        job(2 ** -104, problem, async (x) => {
          const { hi, lo } = gramOfIntegers(await exactGramOnGpu(queue, x, problem.rows, problem.columns));
          return { hi, lo: lo! };
        }),
    },
    dispose() {
      queue.dispose();
      opened.dispose();
    },
  };
};
