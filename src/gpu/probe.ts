/** The start-up probe: the fastest kernels of this adapter, and its speed beside that of the CPU. */
import { sha256 } from '../base/sha256';
import { gramOfRows } from '../numerics/cpu/gram';
import { cpuOps } from '../numerics/cpu/ops';
import type { Tensor, TensorOps } from '../numerics/ops';
import type { AdapterMeasurement } from '../numerics/rates';
import { kernels as wasmKernels, relaxedKernels } from '../numerics/wasm/kernels';
import { climb } from './climb';
import type { ClimbOptions } from './climb';
import type { OpenedDevice } from './device';
import { kernels } from './kernel';
import type { KernelQueue } from './kernel-queue';
import { gramWork, rowsLikeTaps, tune } from './tuning';
import type { GramSize } from './tuning';

/** Milliseconds that measuring may cost a start; compilation comes on top. */
const BUDGET = 300;
/** What each part may have of it; the rest is for times that were foreseen too short. */
const BUDGETS = { tuning: 110, gpuMatmul: 50, cpuGram: 35, cpuMatmul: 35 };

/** WebAssembly and JavaScript are compiled again, and better, when they have run for a while. */
const CPU_WARM_UPS = 40;
const CPU_GRAMS: readonly GramSize[] = [[64, 64], [128, 128], [256, 256]];
/** Sides of square products: a chunk of rows through a layer. tfjs has other shaders for smaller ones. */
const GPU_PRODUCTS = [64, 128, 256, 512, 1024, 2048];
const CPU_PRODUCTS = [64, 128, 256];

/** What distinguishes one measurement from another: the adapter, and the code that ran on both sides. 64 hexadecimal digits. */
export function adapterKey({ info, description }: OpenedDevice): Promise<string> {
  const { vendor, architecture, device } = info;
  const code = [...Object.values(kernels).map((kernel) => kernel.source), wasmKernels, relaxedKernels];
  return sha256(new TextEncoder().encode(JSON.stringify([description, vendor, architecture, device, ...code])));
}

/** Sets `queue.tuning` and gives what was measured. Speeds are measured on hardware only: a software adapter is no choice. */
export async function measureAdapter(queue: KernelQueue, ops: TensorOps, now = () => performance.now()): Promise<AdapterMeasurement> {
  const { rate, spent } = await tune(queue, 'exactGram', BUDGETS.tuning, now);
  const { tuning } = queue;
  if (queue.software) return { tuning, rates: null, milliseconds: spent };
  let milliseconds = spent;
  const measure = async <Size>(options: Omit<ClimbOptions<Size>, 'now'>, warmUps = 1) => {
    const { jobs, release } = await options.at(options.sizes[0]!);
    for (let n = 0; n < warmUps; n++) await jobs[0]!();
    release?.();
    const climbed = await climb({ ...options, budget: Math.min(options.budget, BUDGET - milliseconds), now });
    milliseconds += climbed.spent;
    return (1000 * options.work(climbed.size)) / climbed.times[0]!;
  };
  const gpu = { gram: rate, matmul: await measure({ sizes: GPU_PRODUCTS, work: cube, at: productBy(ops), budget: BUDGETS.gpuMatmul }) };
  const cpu = {
    gram: await measure({ sizes: CPU_GRAMS, work: gramWork, at: gramOnCpu, budget: BUDGETS.cpuGram }, CPU_WARM_UPS),
    matmul: await measure({ sizes: CPU_PRODUCTS, work: cube, at: productBy(cpuOps()), budget: BUDGETS.cpuMatmul }, CPU_WARM_UPS),
  };
  return { tuning, rates: { gpu, cpu }, milliseconds };
}

const cube = (side: number) => side ** 3;

async function gramOnCpu(size: GramSize): ReturnType<ClimbOptions<GramSize>['at']> {
  const x = Float64Array.from(rowsLikeTaps(size));
  return { jobs: [() => gramOfRows(x, ...size)] };
}

const productBy = (ops: TensorOps) => async (side: number) => {
  const x = ops.constant(rowsLikeTaps([side, side]), [side, side]);
  // tfjs uploads a constant when it is first used.
  await readEntry(ops, () => x);
  return { jobs: [() => readEntry(ops, () => layer(ops, x))], release: () => ops.dispose(x) };
};

const layer = (ops: TensorOps, x: Tensor) => ops.unary('relu', ops.matmul(x, x));

/** Waits for a matrix: one entry of it is read, so that the time ends when the work does. */
async function readEntry(ops: TensorOps, matrix: () => Tensor): Promise<void> {
  const entry = ops.scope(() => ops.slice(matrix(), [0, 0], [1, 1]));
  await ops.read(entry);
  ops.dispose(entry);
}
