/** The command line: the same core in Node. Progress and complaints go to standard error, results to standard output. */
import './relaxed-simd';
import { rename, writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { resolve } from 'node:path';
import { rememberIn } from '../analysis/adapter-memory';
import { analyze } from '../analysis/analyze';
import { Backends, type OpenGpu } from '../analysis/backends';
import type { AnalysisEvent } from '../analysis/events';
import { sameAgain } from '../analysis/fingerprint';
import { normsLine } from '../analysis/norm-words';
import { Session } from '../analysis/session';
import type { Report } from '../analysis/report';
import type { Trajectory } from '../analysis/trajectory';
import { InputError, isAbort, messageOf } from '../base/errors';
import { perSecond } from '../base/speed';
import { cpuNumerics } from '../numerics/cpu/numerics';
import type { Rates } from '../numerics/rates';
import { inlineSolver } from '../numerics/solver';
import { USAGE, parseCommand, type AnalyzeCommand, type TrajectoryCommand } from './arguments';
import { experimentRecord, experimentsText, experimentText } from './experiments';
import { fileMemory } from './file-memory';
import { llcJson, llcRecords, llcText } from './llc';
import { dropsAt, findProbe, openDrops } from './open-paths';
import { reportTable } from './table';
import { savedTrajectory, traceFiles, trajectoryJson, trajectoryText } from './trajectories';
import { verificationText, verify } from './verification';
import { threadPool, threadProducts, threads } from './threads';
import { UsageError } from './words';

/** Threads take half a second to start: an analysis that is expected to take fewer seconds than this runs without. */
const WORTH_THREADS = 3;

const say = (line: string) => process.stderr.write(`${line}\n`);

async function main(words: string[]): Promise<number> {
  const command = parseCommand(words);
  if (command === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  if (command.kind === 'experiment') {
    const open = async () => {
      if (command.backend !== 'webgpu') return cpuNumerics();
      const opened = await openGpu({ allowSoftware: true });
      if ('reason' in opened) throw new InputError('no-webgpu', `WebGPU cannot be used here: ${opened.reason} Use --backend cpu-f64.`);
      return opened;
    };
    const { name } = command;
    if (name === null) {
      await print(experimentsText());
      return 0;
    }
    const record = await experimentRecord({ ...command, name }, open, interrupt.signal, (percent) => say(`${name}: ${percent} %`));
    const json = JSON.stringify(record);
    if (command.out !== null) await writeFile(fromHere(command.out), json);
    await print(command.json ? `${json}\n` : experimentText(record));
    return 0;
  }
  if (command.kind === 'llc') {
    const result = await llcRecords(command, fromHere, interrupt.signal, say);
    if (result.records.length === 0) return 1;
    if (command.out !== null) await writeFile(fromHere(command.out), llcJson(result));
    await print(command.json ? `${llcJson(result)}\n` : llcText(result));
    return 0;
  }
  if (command.kind === 'trajectory') {
    const trajectory = await runTrajectory(command, interrupt.signal);
    const json = trajectoryJson(trajectory);
    if (command.out !== null) await writeFile(fromHere(command.out), json);
    await print(command.json ? `${json}\n` : trajectoryText(trajectory));
    return trajectory.points.some((p) => p.spectra.length > 0) ? 0 : 1;
  }
  const { given, reports } = await run(command, interrupt.signal);
  if (reports.length === 0) return 1;
  if (command.verify) {
    const results = reports.map((made) => verify(given.get(made.checkpoint.fingerprint)!, made));
    await print(command.json ? `${JSON.stringify(results.length === 1 ? results[0] : results)}\n` : results.map(verificationText).join(''));
    return results.every((result) => result.verified) ? 0 : 1;
  }
  // One checkpoint gives one report; several give a list of them.
  const json = JSON.stringify(reports.length === 1 ? reports[0] : reports);
  if (command.out !== null) await writeFile(fromHere(command.out), json);
  await print(command.json ? `${json}\n` : reports.map(reportTable).join('\n'));
  return 0;
}

/** Paths are relative to where the person stands, also behind `npm run`. */
function fromHere(path: string): string {
  return resolve(process.env.INIT_CWD ?? process.cwd(), path);
}

/** The reports among the paths by the fingerprint of their checkpoint, and those that were made. */
async function run(command: AnalyzeCommand, signal: AbortSignal): Promise<{ given: Map<string, Report>; reports: Report[] }> {
  const session = new Session(totalmem());
  const opened = await openDrops(session, await dropsAt(command.paths, fromHere, say, signal), signal);
  for (const { file, message } of opened.refusals) say(message.includes(file) ? message : `${file}: ${message}`);

  const probe = await findProbe(session, command, opened, fromHere, say, signal);
  const given = new Map(opened.reports.map((report) => [report.checkpoint.fingerprint, report]));
  if (opened.checkpoints.length === 0) {
    if (opened.refusals.length === 0) {
      say(opened.reports.length > 0 ? 'This is a finished report: open it in the page, or verify it with its checkpoint.' : 'There is no checkpoint among these paths.');
    }
    return { given, reports: [] };
  }
  const pool = opened.checkpoints.some((c) => c.cost > WORTH_THREADS) ? threadPool() : null;
  const products = pool && threadProducts();
  const reference = pool ? cpuNumerics((x, rows, d, abort) => pool.gramOfRows(x, rows, d, abort), products?.multiply) : cpuNumerics();
  const backends = new Backends(reference, pool ? threads() : 1, openGpu);
  const reports: Report[] = [];
  for (const { id, checkpoint } of opened.checkpoints) {
    try {
      const emit = progressPrinter(checkpoint.name);
      const means = { reference, solver: pool ?? inlineSolver, emit, memory: totalmem(), signal };
      const wanted = command.verify ? given.get(checkpoint.fingerprint) : null;
      if (wanted === undefined) throw new InputError('no-report', `${checkpoint.name}: none of the reports given is of this checkpoint (fingerprint ${checkpoint.fingerprint}).`);
      const request = wanted ? sameAgain(wanted) : command.request;
      reports.push(await backends.run(request.backend, (numerics) => analyze(session.checkpoint(id), probe, request, { ...means, numerics })));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      say(messageOf(error));
    }
  }
  backends.dispose();
  pool?.dispose();
  products?.dispose();
  return { given, reports };
}

/** Every finished point is on disk before the next one begins. */
async function runTrajectory(command: TrajectoryCommand, signal: AbortSignal): Promise<Trajectory> {
  const session = new Session();
  const out = command.out === null ? null : fromHere(command.out);
  // A file to go on with must not be taken for part of the run that it describes.
  const earlier = await savedTrajectory(command.resume === null ? out : fromHere(command.resume), command.resume !== null);
  const drops = await dropsAt(command.paths, fromHere, say, signal);
  const opened = await openDrops(session, drops, signal);
  for (const { file, message } of opened.refusals) say(message.includes(file) ? message : `${file}: ${message}`);
  const probe = await findProbe(session, command, opened, fromHere, say, signal);
  const pool = opened.checkpoints.some((c) => c.cost > WORTH_THREADS) ? threadPool() : null;
  const reference = pool ? cpuNumerics((x, rows, d, abort) => pool.gramOfRows(x, rows, d, abort)) : cpuNumerics();
  const backends = new Backends(reference, pool ? threads() : 1, openGpu);
  try {
    return await traceFiles(session, opened.checkpoints, { ...command, earlier, folder: drops.some((drop) => drop.folder) }, probe, {
      analyze: (checkpoint, request, own) =>
        backends.run(request.backend, (numerics) => analyze(checkpoint, probe, request, { reference, memory: totalmem(), signal, ...own, numerics })),
      solver: pool ?? inlineSolver,
      ops: reference.ops,
      signal,
      say,
      save: async (trajectory) => {
        if (out === null) return;
        await writeFile(`${out}.part`, JSON.stringify(trajectory));
        await rename(`${out}.part`, out);
      },
    });
  } finally {
    backends.dispose();
    pool?.dispose();
  }
}

const openGpu: OpenGpu = async (options) => {
  const [{ dawnGpu }, { webgpuNumerics }] = await Promise.all([import('../gpu/dawn'), import('../gpu/numerics')]);
  let gpu: GPU;
  try {
    gpu = await dawnGpu();
  } catch (error) {
    return { reason: `WebGPU in Node needs the optional package 'webgpu', which did not load (${messageOf(error)}).` };
  }
  return webgpuNumerics(gpu, { ...options, remember: rememberIn(fileMemory()) });
};

/** The backend with its reason and the memory, then one line per phase and layer, so that a log stays readable. */
function progressPrinter(name: string): (event: AnalysisEvent) => void {
  let last = '';
  return (event) => {
    if (event.type === 'started') for (const line of startLines(event.report)) say(`${name}: ${line}`);
    if (event.type !== 'progress') return;
    const percent = Math.floor((100 * event.done) / event.total);
    // Of a network that is read part by part every part is named.
    const part = event.phase === 'forward' ? event.layer : null;
    const line = `${name}: ${event.phase} ${percent} %${part === null ? '' : `, ${part}`}`;
    if (line !== last && (part !== null || percent % 5 === 0)) say(`${line}${event.secondsLeft === null ? '' : `, ${timeLeft(event.secondsLeft)} left`}`);
    last = line;
  };
}

/** In words that do not promise more than an estimate can. */
function timeLeft(seconds: number): string {
  return seconds < 90 ? `about ${Math.max(1, Math.round(seconds))} s` : `about ${Math.round(seconds / 60)} min`;
}

function startLines({ provenance, norms }: Report): string[] {
  const { memory } = provenance;
  return [backendLine(provenance), ...(memory ? [memory.reason] : []), ...(norms ? [normsLine(norms)] : [])];
}

function backendLine({ backend, choice }: Report['provenance']): string {
  const speed = ({ gram, matmul }: Rates) => `exact Gram ${perSecond(gram)}, layers ${perSecond(matmul)}`;
  const measured = choice?.rates ? ` Measured: ${choice.adapter} ${speed(choice.rates.gpu)}; one CPU core ${speed(choice.rates.cpu)}.` : '';
  return `${backend}. ${choice?.reason ?? ''}${measured}`;
}

/** Resolves when the pipe has taken everything: exiting before would cut a long report. */
function print(text: string): Promise<void> {
  return new Promise((done, fail) => process.stdout.write(text, (error) => (error ? fail(error) : done())));
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) say(`${error.message}\n\n${USAGE}`);
  else if (isAbort(error)) say('interrupted');
  else say(error instanceof InputError ? error.message : `deadreckon failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exitCode = error instanceof UsageError ? 2 : isAbort(error) ? 130 : 1;
}
// A GPU driver may hold the process open; everything is written by now.
process.exit();
