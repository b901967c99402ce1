/** One job of the solver pool, and the arrays of its answer and its question that may move instead of being copied. */
import { gramOfRows, gramPart, plainGramPart } from '../numerics/cpu/gram';
import { eigenvaluesOfGram } from '../numerics/solve';
import type { PoolJob, PoolReply } from './pool';
import { toWire } from './rpc';

export function solveJob(job: PoolJob): { reply: PoolReply; transfer: ArrayBuffer[] } {
  try {
    const result = compute(job);
    const used = arraysIn(job.kind === 'eigenvalues' ? job.gram : job);
    return { reply: { result, used }, transfer: [...arraysIn(result), ...used].map((a) => a.buffer) };
  } catch (error) {
    return { reply: { error: toWire(error) }, transfer: [] };
  }
}

function arraysIn(record: object): Float64Array<ArrayBuffer>[] {
  return Object.values(record).filter((v): v is Float64Array<ArrayBuffer> => v instanceof Float64Array);
}

function compute(job: PoolJob): object {
  switch (job.kind) {
    case 'gram':
      return gramOfRows(job.x, job.rows, job.d);
    case 'gram-part':
      return (job.plain ? plainGramPart : gramPart)(job.x, job.rows, job.d, job.part, job.parts);
    case 'eigenvalues':
      return eigenvaluesOfGram(job.gram, { residuals: job.residuals });
    default:
      return job satisfies never;
  }
}
