/** The engine: owns the open files, the GPU device and the solver pool. The page only renders. */
import { analyze } from '../analysis/analyze';
import { rememberIn } from '../analysis/adapter-memory';
import { Backends } from '../analysis/backends';
import type { LlcProgress } from '../analysis/llc-record';
import { Remote } from '../analysis/remote';
import { Session } from '../analysis/session';
import { trace } from '../analysis/trace';
import { planTrace } from '../analysis/trace-plan';
import { blobSource } from '../checkpoint/sources';
import { webgpuNumerics } from '../gpu/numerics';
import { cpuNumerics } from '../numerics/cpu/numerics';
import { helpedMultiply } from '../numerics/cpu/products';
import { CacheBlocks } from './cache-blocks';
import { cacheMemory } from './cache-memory';
import { SolverPool, type PoolWorker } from './pool';
import { serve, type Port } from './rpc';

/** Memory of a machine that does not say. */
const ASSUMED_GIB = 8;

// Chromium names the memory in GiB, rounded; other browsers do not.
const memory = ((navigator as Navigator & { deviceMemory?: number }).deviceMemory ?? ASSUMED_GIB) * 2 ** 30;
const session = new Session(memory);
const kept = new CacheBlocks();
const remote = new Remote({ fetch: (url, init) => fetch(url, init), store: kept });
// The engine waits while the pool works, so that two workers fit on two cores.
const workers = Math.max(2, Math.min(8, (navigator.hardwareConcurrency || 2) - 1));
const solverWorker = () => new Worker(new URL('./solver.worker.ts', import.meta.url), { type: 'module' }) as PoolWorker;
const pool = new SolverPool(workers, solverWorker);
/** Chains take minutes: an analysis beside them does not wait for a worker. */
const walkers = new SolverPool(workers, solverWorker);
const productWorker = () => new Worker(new URL('./product.worker.ts', import.meta.url), { type: 'module' });
// Memory is shared on pages that their host isolates (Cross-Origin-Opener-Policy and -Embedder-Policy); on others the engine multiplies alone.
const products = self.crossOriginIsolated ? helpedMultiply(Math.min(7, navigator.hardwareConcurrency - 1), productWorker) : undefined;
const reference = cpuNumerics((x, rows, d, signal) => pool.gramOfRows(x, rows, d, signal), products);

const adapters = (navigator as Navigator & { gpu?: GPU }).gpu;
const remember = rememberIn(cacheMemory);
const backends = new Backends(reference, workers, (options) => webgpuNumerics(adapters, { ...options, remember }));

/** Recipes come when they are asked for: an analysis does not wait for them. */
const experiments = () => import('../experiment/run-experiment');

serve(self as unknown as Port, {
  experiments: async () => (await experiments()).experimentList(),
  experiment: async ({ order, backend }, emit, signal) => {
    const { runExperiment } = await experiments();
    return backends.withNamed(backend, (numerics) =>
      runExperiment(order, { numerics, signal, progress: (done, total) => emit({ done, total }) }),
    );
  },
  open: ({ files }, _emit, signal) => session.open(files.map(({ file, name }) => blobSource(file, name)), signal),
  openRemote: async ({ address, prefix }, emit, signal) => {
    const { files, refusals } = await remote.files(address, emit, signal);
    const opened = await session.open(files, signal, prefix);
    return { ...opened, refusals: [...refusals, ...opened.refusals] };
  },
  kept: ({ clear }) => kept.state(clear),
  inspect: ({ id, probe, request }) => session.inspect(id, request, probe),
  analyze: ({ id, probe, request }, emit, signal) =>
    backends.run(request.backend, async (numerics) =>
      analyze(session.checkpoint(id), await session.probe(probe), request, { numerics, reference, solver: pool, emit, memory, signal }),
    ),
  trace: async ({ probe, ...ask }, emit, signal) => {
    const content = await session.probe(probe);
    const means = { reference, memory, signal };
    return trace(await planTrace(session, ask, content, reference.ops), {
      analyze: (checkpoint, request, own) => backends.run(request.backend, (numerics) => analyze(checkpoint, content, request, { ...means, ...own, numerics })),
      solver: pool,
      emit,
      signal,
    });
  },
  llc: async ({ id, probe, request, llc }, emit, signal) => {
    const { readLlc } = await import('../analysis/llc');
    const progress = (part: number, phase: LlcProgress['phase']) => emit({ part, phase });
    return backends.withNamed(request.backend === 'webgpu' ? 'webgpu' : 'cpu-f64', async (numerics) =>
      readLlc(session.checkpoint(id), await session.probe(probe), request, llc, { numerics, workers: numerics === reference ? walkers : undefined, memory, signal, progress }),
    );
  },
});
