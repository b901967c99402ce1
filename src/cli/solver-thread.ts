/** Float64 Grams and decompositions in a thread of Node, one at a time. */
import { parentPort } from 'node:worker_threads';
import type { PoolJob } from '../worker/pool';
import { solveJob } from '../worker/solve-job';

parentPort!.on('message', (job: PoolJob) => {
  const { reply, transfer } = solveJob(job);
  parentPort!.postMessage(reply, transfer);
});
