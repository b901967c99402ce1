/** From the bytes of a checkpoint and its probe to the spectra of all layers, in the thread that asks and those of a pool. */
import { analyze } from '../../../src/analysis/analyze';
import type { Report } from '../../../src/analysis/report';
import { Session } from '../../../src/analysis/session';
import { bufferSource } from '../../../src/checkpoint/sources';
import { cpuNumerics } from '../../../src/numerics/cpu/numerics';
import type { Multiply } from '../../../src/numerics/cpu/products';
import { inlineSolver } from '../../../src/numerics/solver';
import type { SolverPool } from '../../../src/worker/pool';
import type { AnalysisProblem } from '../implementation';

export async function analyzeHere({ checkpoint, probe, samples }: AnalysisProblem, threads: { pool: SolverPool; multiply: Multiply } | null = null): Promise<Report> {
  const session = new Session();
  const { checkpoints, probes, refusals } = await session.open([bufferSource('network.safetensors', checkpoint), bufferSource('probe.safetensors', probe)]);
  if (refusals.length > 0) throw new Error(refusals[0]!.message);
  const reference = threads ? cpuNumerics((x, rows, d, signal) => threads.pool.gramOfRows(x, rows, d, signal), threads.multiply) : cpuNumerics();
  return analyze(session.checkpoint(checkpoints[0]!.id), await session.probe(probes[0]!.id), { samples, choices: { activation: 'relu' } }, {
    numerics: reference,
    reference,
    solver: threads?.pool ?? inlineSolver,
    emit() {},
  });
}
