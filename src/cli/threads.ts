/** The solver pool on threads of Node. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { SolverPool, type PoolWorker } from '../worker/pool';

/** How many threads a pool has. */
export function threads(): number {
  return Math.min(8, availableParallelism());
}

export function threadPool(): SolverPool {
  return new SolverPool(threads(), solverThread);
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
