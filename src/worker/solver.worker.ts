/** Float64 Grams and decompositions in the page, one at a time. */
import type { PoolJob } from './pool';
import { solveJob } from './solve-job';

self.onmessage = ({ data }: MessageEvent<PoolJob>) => {
  const { reply, transfer } = solveJob(data);
  self.postMessage(reply, { transfer });
};
