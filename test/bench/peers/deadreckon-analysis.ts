/** From the bytes of a checkpoint and its probe to the spectra of all layers, in the thread that asks. */
import { analyze } from '../../../src/analysis/analyze';
import type { Report } from '../../../src/analysis/report';
import { Session } from '../../../src/analysis/session';
import { bufferSource } from '../../../src/checkpoint/sources';
import { cpuNumerics } from '../../../src/numerics/cpu/numerics';
import { inlineSolver } from '../../../src/numerics/solver';
import type { AnalysisProblem } from '../implementation';

export async function analyzeHere({ checkpoint, probe, samples }: AnalysisProblem): Promise<Report> {
  const session = new Session();
  const { checkpoints, probes, refusals } = await session.open([bufferSource('network.safetensors', checkpoint), bufferSource('probe.safetensors', probe)]);
  if (refusals.length > 0) throw new Error(refusals[0]!.message);
  const reference = cpuNumerics();
  return analyze(session.checkpoint(checkpoints[0]!.id), await session.probe(probes[0]!.id), { samples, choices: { activation: 'relu' } }, {
    numerics: reference,
    reference,
    solver: inlineSolver,
    emit() {},
  });
}
