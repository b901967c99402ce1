/** One job of the solver pool, and the arrays of its answer and its question that may move instead of being copied. */
import { gramOfRows, gramPart, plainGramPart } from '../numerics/cpu/gram';
import { eigenvaluesOfGram } from '../numerics/solve';
import type { PoolJob, PoolReply } from './pool';
import { toWire } from './rpc';

/** @param tell is given what there is to say before the reply. */
export async function solveJob(job: PoolJob, tell: (soFar: PoolReply) => void): Promise<{ reply: PoolReply; transfer: ArrayBuffer[] }> {
  try {
    const result = await compute(job, tell);
    const used = arraysIn(job.kind === 'eigenvalues' ? job.gram : job);
    return { reply: { result, used }, transfer: [...arraysIn(result), ...used].map((a) => a.buffer) };
  } catch (error) {
    return { reply: { error: toWire(error) }, transfer: [] };
  }
}

function arraysIn(record: object): Float64Array<ArrayBuffer>[] {
  return Object.values(record).filter((v): v is Float64Array<ArrayBuffer> => v instanceof Float64Array);
}

async function compute(job: PoolJob, tell: (soFar: PoolReply) => void): Promise<object> {
  switch (job.kind) {
    case 'gram':
      return gramOfRows(job.x, job.rows, job.d);
    case 'gram-part':
      return (job.plain ? plainGramPart : gramPart)(job.x, job.rows, job.d, job.part, job.parts);
    case 'eigenvalues':
      return eigenvaluesOfGram(job.gram, { residuals: job.residuals });
    case 'chain': {
      // Models and forward passes come when they are needed: a worker that only solves starts without.
      const { runChainJob } = await import('../analysis/chain-job');
      return runChainJob(job, { progress: (steps) => tell({ steps }) });
    }
    default:
      return job satisfies never;
  }
}
