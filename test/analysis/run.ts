/** Runs the real pipeline on files of the repository, as the command line does. */
import { resolve } from 'node:path';
import { analyze, type Means } from '../../src/analysis/analyze';
import type { AnalysisEvent } from '../../src/analysis/events';
import type { Report } from '../../src/analysis/report';
import type { Request } from '../../src/analysis/request';
import { Session } from '../../src/analysis/session';
import { walkFiles } from '../../src/cli/file-source';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';
import { inlineSolver } from '../../src/numerics/solver';

export const ROOT = resolve(import.meta.dirname, '../..');

export interface RunOptions {
  numerics?: Means['numerics'];
  emit?: (event: AnalysisEvent) => void;
  signal?: AbortSignal;
}

/** Analyses the one checkpoint among the files (paths from the repository's root), with the one probe among them. */
export async function analyzeFiles(paths: readonly string[], request: Partial<Request> = {}, options: RunOptions = {}): Promise<Report> {
  const session = new Session();
  const { files, refusals } = await walkFiles(paths.map((p) => resolve(ROOT, p)));
  const opened = await session.open(files);
  const refused = [...refusals, ...opened.refusals];
  if (refused.length > 0 || opened.checkpoints.length !== 1) throw new Error(`expected one checkpoint: ${refused.map((r) => r.message).join('; ')}`);
  return analyzeOpened(session, opened.checkpoints[0]!.id, opened.probes[0]?.id ?? null, request, options);
}

/** The same of a checkpoint and a probe that are open. */
export async function analyzeOpened(session: Session, checkpoint: string, probe: string | null, request: Partial<Request>, options: RunOptions = {}): Promise<Report> {
  const reference = cpuNumerics();
  return analyze(session.checkpoint(checkpoint), await session.probe(probe), request, {
    numerics: options.numerics ?? reference,
    reference,
    solver: inlineSolver,
    emit: options.emit ?? (() => {}),
    signal: options.signal,
  });
}
