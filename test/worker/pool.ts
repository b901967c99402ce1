/** Pools whose workers are in this process; what they say crosses as it would between threads. */
import { SolverPool, type PoolJob, type PoolReply, type PoolWorker } from '../../src/worker/pool';
import { solveJob } from '../../src/worker/solve-job';

export interface Made {
  worker: PoolWorker;
  stopped: boolean;
}

export const solved = async (job: PoolJob, tell: (soFar: PoolReply) => void = () => {}) => (await solveJob(job, tell)).reply;

/** A pool whose workers answer after `delay` milliseconds, with a record of what was made. */
export function pool(size: number, answer: (job: PoolJob, tell: (soFar: PoolReply) => void) => unknown = solved, delay = 1): { pool: SolverPool; made: Made[] } {
  const made: Made[] = [];
  const make = () => {
    const entry: Made = {
      stopped: false,
      worker: {
        onmessage: null,
        onerror: null,
        terminate: () => (entry.stopped = true),
        postMessage: (job) =>
          setTimeout(async () => {
            const say = (data: unknown) => !entry.stopped && entry.worker.onmessage?.({ data: structuredClone(data) as never });
            if (entry.stopped) return;
            const reply = await answer(structuredClone(job) as PoolJob, say);
            if (reply instanceof Error) entry.worker.onerror?.({ message: reply.message });
            else say(reply);
          }, delay),
      },
    };
    made.push(entry);
    return entry.worker;
  };
  return { pool: new SolverPool(size, make), made };
}
