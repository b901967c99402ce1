/** `llc`: chains on every checkpoint among the paths, one after another. */
import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { basename } from 'node:path';
import { readLlc } from '../analysis/llc';
import { compareLlc, parseLlcCurve, type LlcComparison, type LlcPoint } from '../analysis/llc-curve';
import type { LlcRecord } from '../analysis/llc-record';
import { Session } from '../analysis/session';
import { InputError, messageOf } from '../base/errors';
import { cpuNumerics } from '../numerics/cpu/numerics';
import { walkFiles } from './file-source';
import type { LlcCommand } from './llc-arguments';
import { findProbe } from './open-paths';
import { grid } from './table';
import { threadPool } from './threads';

export interface LlcResult {
  records: LlcRecord[];
  /** Null where no curve was given. */
  comparison: LlcComparison[] | null;
}

/** @param fromHere where a path of the command line is. */
export async function llcRecords(command: LlcCommand, fromHere: (path: string) => string, signal: AbortSignal, say: (line: string) => void): Promise<LlcResult> {
  const session = new Session();
  const curve = command.compare === null ? null : await readCurve(fromHere(command.compare));
  const sources = await walkFiles(command.paths.map(fromHere));
  const opened = await session.open(sources.files, signal);
  for (const { file, message } of [...sources.refusals, ...opened.refusals]) say(message.includes(file) ? message : `${file}: ${message}`);
  const probe = await findProbe(session, command, opened, fromHere, say, signal);
  if (opened.checkpoints.length === 0 && opened.refusals.length + sources.refusals.length === 0) say('There is no checkpoint among these paths.');
  const numerics = cpuNumerics();
  const workers = threadPool();
  const records: LlcRecord[] = [];
  for (const { id, checkpoint } of opened.checkpoints) {
    let last = 0;
    const progress = (part: number) => {
      const percent = Math.floor(20 * part) * 5;
      if (percent > last) say(`${checkpoint.name}: ${(last = percent)} %`);
    };
    try {
      records.push(await readLlc(session.checkpoint(id), probe, command.request, command.llc, { numerics, workers, memory: totalmem(), signal, progress }));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      say(messageOf(error));
    }
  }
  workers.dispose();
  numerics.dispose();
  return { records, comparison: curve && compareLlc(records, curve) };
}

async function readCurve(path: string): Promise<LlcPoint[]> {
  let text;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new InputError('curve-file', `${basename(path)} could not be read (${messageOf(error)}).`, { file: basename(path) });
  }
  return parseLlcCurve(text, basename(path));
}

export function llcJson({ records, comparison }: LlcResult): string {
  const plain = comparison ? { records, comparison } : records.length === 1 ? records[0] : records;
  return JSON.stringify(plain);
}

export function llcText({ records, comparison }: LlcResult): string {
  return [...records.map(recordText), ...(comparison ? [grid(comparisonTable(comparison), 1).join('\n') + '\n'] : [])].join('\n');
}

function recordText({ checkpoint, model, probe, settings, llc, standardError, effectiveDraws, acceptance, initialLoss, passes, calibration, problems, provenance }: LlcRecord): string {
  const how = [settings.adjusted ? 'adjusted (MALA)' : 'SGLD', ...(settings.preconditioner === 'rmsprop' ? ['RMSProp'] : []), settings.batch === null ? 'all samples at every step' : `minibatches of ${settings.batch}`];
  const labels = probe.labels === 'own' ? 'labels: its own outputs' : 'labels: the targets of the probe';
  const lines = [
    `${checkpoint.name} · ${model.title} · ${model.parameters} weights`,
    `probe: ${probe.description} · loss ${probe.loss} ${initialLoss === null ? '' : show(initialLoss)} · ${labels}`,
    `${how.join(', ')}: ε = ${show(settings.step)}, γ = ${show(settings.gamma)}, nβ = ${show(settings.nbeta)}, ${settings.chains} chains of ${settings.burnIn} + ${settings.draws} steps`,
  ];
  if (calibration) {
    const rows = calibration.rows.map((r) => [show(r.step), show(r.gamma), r.llc === null ? 'diverged' : `${show(r.llc)} ± ${show(r.standardError!)}`, r.acceptance === null ? '–' : show(r.acceptance)]);
    lines.push('', ...grid([['ε', 'γ', 'LLC', 'accepted'], ...rows], 0), calibration.sentence);
  }
  const value = llc === null ? 'no value' : `${show(llc)} ± ${show(standardError!)}`;
  const draws = effectiveDraws === null ? '' : ` · about ${show(effectiveDraws)} independent draws`;
  const accepted = acceptance === null ? '' : ` · acceptance ${show(acceptance)}`;
  lines.push('', `LLC ${value}${draws}${accepted} · ${show(passes)} passes · ${provenance.seconds.toFixed(1)} s`, ...problems.map((p) => `  ${p}`));
  return lines.join('\n') + '\n';
}

function comparisonTable(rows: readonly LlcComparison[]): string[][] {
  const pair = (value: number | null, error: number | null) => (value === null ? '–' : `${show(value)}${error === null ? '' : ` ± ${show(error)}`}`);
  return [
    ['checkpoint', 'LLC here', 'LLC there', 'difference', 'in errors', 'passes', 'seconds'],
    ...rows.map(({ checkpoint, ours, theirs, difference, deviations }) => [
      checkpoint,
      pair(ours.llc, ours.standardError),
      theirs ? pair(theirs.llc, theirs.std) : 'not in the curve',
      difference === null ? '–' : show(difference),
      deviations === null ? '–' : deviations.toFixed(1),
      show(ours.passes),
      ours.seconds.toFixed(1),
    ]),
  ];
}

function show(value: number): string {
  return String(Number(value.toPrecision(4)));
}
