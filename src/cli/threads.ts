/** The solver pool, and products by several threads, on threads of Node. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { helpedMultiply, type Multiply } from '../numerics/cpu/products';
import { SolverPool, type PoolWorker } from '../worker/pool';

/** How many threads a pool has. */
export function threads(): number {
  return Math.min(8, availableParallelism());
}

export function threadPool(): SolverPool {
  return new SolverPool(threads(), solverThread);
}

/** Matrix products by this thread and as many others as there are cores. */
export function threadProducts(): { multiply: Multiply; dispose(): void } {
  const helpers: Worker[] = [];
  const helper = () => {
    const thread = new Worker(new URL('./product-thread.mjs', import.meta.url));
    thread.unref();
    // Without it this thread makes all lots itself.
    thread.on('error', () => {});
    helpers.push(thread);
    return thread;
  };
  return { multiply: helpedMultiply(threads() - 1, helper), dispose: () => helpers.forEach((thread) => void thread.terminate()) };
}

function solverThread(): PoolWorker {
  const thread = new Worker(new URL('./solver-thread.mjs', import.meta.url));
  // An idle thread does not keep the process.
  thread.unref();
  const worker: PoolWorker = { postMessage: (m, transfer) => thread.postMessage(m, transfer), terminate: () => thread.terminate(), onmessage: null, onerror: null };
  thread.on('message', (data) => worker.onmessage?.({ data }));
  thread.on('error', (error) => worker.onerror?.({ message: error.message }));
  return worker;
}
