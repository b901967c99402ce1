/** Float64 Grams, decompositions and chains in a thread of Node, one at a time. */
import { parentPort } from 'node:worker_threads';
import type { PoolJob } from '../worker/pool';
import { solveJob } from '../worker/solve-job';

parentPort!.on('message', async (job: PoolJob) => {
  const { reply, transfer } = await solveJob(job, (soFar) => parentPort!.postMessage(soFar));
  parentPort!.postMessage(reply, transfer);
});
