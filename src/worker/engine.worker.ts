/** The engine: owns the open files, the GPU device and the solver pool. The page only renders. */
import { analyze } from '../analysis/analyze';
import { Session } from '../analysis/session';
import { blobSource } from '../checkpoint/sources';
import { webgpuNumerics } from '../gpu/numerics';
import { cpuNumerics } from '../numerics/cpu/numerics';
import type { Numerics } from '../numerics/types';
import type { Backend } from '../analysis/request';
import { InputError } from '../base/errors';
import { SolverPool, type PoolWorker } from './pool';
import { serve, type Port } from './rpc';

const session = new Session();
// The engine waits while the pool works, so that two workers fit on two cores.
const workers = Math.max(2, Math.min(8, (navigator.hardwareConcurrency || 2) - 1));
const pool = new SolverPool(workers, () => new Worker(new URL('./solver.worker.ts', import.meta.url), { type: 'module' }) as PoolWorker);
const reference = cpuNumerics((x, rows, d, signal) => pool.gramOfRows(x, rows, d, signal));

let gpu: Numerics | null = null;

/** A software adapter is slower than float64 on the CPU: it is used only when asked for by name. */
async function numericsFor(backend: Backend): Promise<Numerics> {
  if (backend === 'cpu-f64' || backend === 'auto') return reference;
  if (gpu) return gpu;
  const adapter = (navigator as Navigator & { gpu?: GPU }).gpu;
  if (!adapter) throw new InputError('no-webgpu', 'This browser has no WebGPU. Choose the backend cpu-f64, which runs everywhere.');
  const opened = await webgpuNumerics(adapter, { allowSoftware: true });
  if ('reason' in opened) throw new InputError('no-webgpu', `WebGPU cannot be used here: ${opened.reason} Choose the backend cpu-f64.`);
  return (gpu = opened);
}

serve(self as unknown as Port, {
  open: ({ files }, _emit, signal) => session.open(files.map(({ file, name }) => blobSource(file, name)), signal),
  inspect: ({ id, probe, request }) => session.inspect(id, request, probe),
  async analyze({ id, probe, request }, emit, signal) {
    const numerics = await numericsFor(request.backend);
    try {
      return await analyze(session.checkpoint(id), await session.probe(probe), request, { numerics, reference, solver: pool, emit, signal });
    } catch (error) {
      // A lost device never comes back: the next analysis opens a new one.
      if (numerics === gpu && (error as { code?: string }).code === 'gpu-lost') gpu = null;
      throw error;
    }
  },
});
