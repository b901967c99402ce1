/** The start-up probe: the fastest kernels of this adapter, and its speed beside that of the CPU. */
import { sha256 } from '../base/sha256';
import { gramOfRows } from '../numerics/cpu/gram';
import { cpuOps } from '../numerics/cpu/ops';
import { gramOfIntegers } from '../numerics/exact/integer-gram';
import type { TensorOps } from '../numerics/ops';
import type { AdapterMeasurement, Rates } from '../numerics/rates';
import { kernels as wasmKernels } from '../numerics/wasm/kernels';
import { climb } from './climb';
import type { ClimbOptions } from './climb';
import type { OpenedDevice } from './device';
import { exactGramOnGpu } from './exact-gram';
import { kernels } from './kernel';
import type { KernelQueue } from './kernel-queue';
import { gramWork, rowsLikeTaps, tune } from './tuning';
import type { GramSize } from './tuning';

/** Milliseconds. Together they stay under the 300 that a start may cost; compilation comes on top. */
const BUDGETS = { tuning: 90, gpuGram: 50, gpuMatmul: 50, cpuGram: 40, cpuMatmul: 40 };

const GPU_GRAMS: readonly GramSize[] = [[32, 64], [64, 128], [256, 256], [1024, 512], [2048, 1024]];
const CPU_GRAMS: readonly GramSize[] = [[64, 64], [128, 128], [256, 256]];
/** Sides of square products: a chunk of rows through a layer. */
const GPU_PRODUCTS = [64, 128, 256, 512, 1024, 2048];
const CPU_PRODUCTS = [64, 128, 256];

/** What distinguishes one measurement from another: the adapter, and the code that ran on both sides. 64 hexadecimal digits. */
export function adapterKey({ info, description }: OpenedDevice): Promise<string> {
  const { vendor, architecture, device } = info;
  const code = [...Object.values(kernels).map((kernel) => kernel.source), wasmKernels];
  return sha256(new TextEncoder().encode(JSON.stringify([description, vendor, architecture, device, ...code])));
}

/** Sets `queue.tuning` and gives what was measured. Speeds are measured on hardware only: a software adapter is no choice. */
export async function measureAdapter(queue: KernelQueue, ops: TensorOps, now = () => performance.now()): Promise<AdapterMeasurement> {
  let milliseconds = 0;
  const rate = async <Size>(sizes: readonly Size[], work: (size: Size) => number, budget: number, at: At<Size>) => {
    const first = at(sizes[0]!);
    // Compiles.
    await first.jobs[0]!();
    first.release?.();
    const { size, times, spent } = await climb({ sizes, work, at, budget, now });
    milliseconds += spent;
    return (1000 * work(size)) / times[0]!;
  };
  milliseconds += await tune(queue, 'exactGram', BUDGETS.tuning, now);
  if (queue.software) return { tuning: queue.tuning, rates: null, milliseconds };
  const gpu: Rates = {
    gram: await rate(GPU_GRAMS, gramWork, BUDGETS.gpuGram, gramOnQueue(queue)),
    matmul: await rate(GPU_PRODUCTS, cube, BUDGETS.gpuMatmul, productBy(ops)),
  };
  const cpu: Rates = {
    gram: await rate(CPU_GRAMS, gramWork, BUDGETS.cpuGram, gramOnCpu),
    matmul: await rate(CPU_PRODUCTS, cube, BUDGETS.cpuMatmul, productBy(cpuOps())),
  };
  return { tuning: queue.tuning, rates: { gpu, cpu }, milliseconds };
}

type At<Size> = ClimbOptions<Size>['at'];

const cube = (side: number) => side ** 3;

const gramOnQueue = (queue: KernelQueue): At<GramSize> => (size) => {
  const x = queue.upload(rowsLikeTaps(size), 'probe');
  return { jobs: [async () => gramOfIntegers(await exactGramOnGpu(queue, x, ...size))], release: () => queue.buffers.release(x) };
};

const gramOnCpu: At<GramSize> = (size) => {
  const x = Float64Array.from(rowsLikeTaps(size));
  return { jobs: [() => gramOfRows(x, ...size)] };
};

/** A layer and its nonlinearity; one entry is read, so that the time ends when the work does. */
const productBy = (ops: TensorOps): At<number> => (side) => {
  const x = ops.constant(rowsLikeTaps([side, side]), [side, side]);
  const layer = async () => {
    const entry = ops.scope(() => ops.slice(ops.unary('relu', ops.matmul(x, x)), [0, 0], [1, 1]));
    await ops.read(entry);
    ops.dispose(entry);
  };
  return { jobs: [layer], release: () => ops.dispose(x) };
};
