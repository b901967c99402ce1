/** Float64 Grams, decompositions and chains in the page, one at a time. */
import type { PoolJob } from './pool';
import { solveJob } from './solve-job';

self.onmessage = async ({ data }: MessageEvent<PoolJob>) => {
  const { reply, transfer } = await solveJob(data, (soFar) => self.postMessage(soFar));
  self.postMessage(reply, { transfer });
};
