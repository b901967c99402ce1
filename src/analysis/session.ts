/** Open checkpoints, probes and snapshots of one engine, by id: what the page and the command line both do with a drop. */
import { InputError, messageOf } from '../base/errors';
import { baseName } from '../checkpoint/format';
import { openFiles } from '../checkpoint/open';
import type { ByteSource, Checkpoint } from '../checkpoint/types';
import { mergeAdapters } from '../model/adapters';
import { withDeltas } from '../model/lora';
import { unprefixed } from '../model/unprefix';
import type { ProbeContent, SideFile } from '../probe/content';
import type { Inspection, OpenedExperiment, OpenedLlc, OpenedSummary } from './events';
import { parseExperiment } from './experiment-file';
import { prepare, toInspection } from './inspect';
import { parseLlc } from './llc-file';
import { arraysProbe, isProbe, isProbeText, picturesProbe, textProbe, type OpenProbe } from './probe-file';
import { parseReports, parseTrajectory } from './snapshot';
import type { Report } from './report';
import type { Request } from './request';
import type { Trajectory } from './trajectory';

/** Files that say how text or pixels become inputs. */
const BESIDE = new Set(['tokenizer.json', 'tokenizer_config.json', 'preprocessor_config.json']);

export class Session {
  private readonly checkpoints = new Map<string, Checkpoint>();
  private readonly probes = new Map<string, OpenProbe>();
  private readonly beside: SideFile[] = [];
  private next = 1;

  /** @param memory Bytes that the machine has, where they are known. */
  constructor(private readonly memory: number | null = null) {}

  /**
   * One bad file never takes the others with it. `prefix`: ids of its own, for what may not open again as it did (a remote file)
   * and must not shift the ids of what comes after it.
   */
  async open(sources: readonly ByteSource[], signal?: AbortSignal, prefix = ''): Promise<OpenedSummary> {
    let own = 1;
    const opened = await openFiles([...sources], signal);
    const refusals = opened.refusals.map((r) => ({ ...r }));
    const checkpoints: Inspection[] = [];
    const probes: OpenProbe[] = [];
    const kept = this.keep(opened.sides);
    const id = () => (prefix === '' ? `${this.next++}` : `${prefix}${own++}`);
    const pictures = opened.checkpoints.filter(({ format }) => format === 'PNG');
    const reports: Report[] = [];
    const trajectories: Trajectory[] = [];
    for (const found of await mergeAdapters(opened.checkpoints)) {
      if (found.format === 'PNG') continue;
      const checkpoint = await unprefixed(withDeltas(found));
      const refuse = (error: unknown) => void refusals.push(refusalOf(error, checkpoint.name));
      const handle = id();
      if (isProbe(checkpoint)) probes.push(arraysProbe(handle, checkpoint, this.beside));
      else {
        try {
          checkpoints.push(await inspectCheckpoint(handle, checkpoint, {}, null, this.memory));
          this.checkpoints.set(handle, checkpoint);
        } catch (error) {
          refuse(error);
        }
      }
    }
    if (pictures.length > 0) probes.push(await picturesProbe(id(), pictures, this.beside));
    for (const text of opened.texts.filter(isProbeText)) {
      try {
        probes.push(await textProbe(id(), text, this.beside));
      } catch (error) {
        refusals.push(refusalOf(error, text.name));
      }
    }
    for (const probe of probes) this.probes.set(probe.summary.id, probe);
    const experiments: OpenedExperiment[] = [];
    const llcs: OpenedLlc[] = [];
    const unread: string[] = [];
    for (const [file, text] of opened.sides) {
      const kind = /"kind"\s*:\s*"deadreckon-(report|trajectory|experiment|llc)"/.exec(text)?.[1];
      if (!kind && !kept.includes(file)) unread.push(file);
      try {
        if (kind === 'report') reports.push(...parseReports(text, file));
        else if (kind === 'trajectory') trajectories.push(parseTrajectory(text, file));
        else if (kind === 'experiment') experiments.push({ file, record: parseExperiment(text, file) });
        else if (kind === 'llc') llcs.push(...parseLlc(text, file).map((record) => ({ file, record })));
      } catch (error) {
        refusals.push(refusalOf(error, file));
      }
    }
    if (checkpoints.length + probes.length + reports.length + trajectories.length + experiments.length + llcs.length + kept.length === 0) {
      for (const { name } of opened.texts) {
        refusals.push({ file: name, tensor: null, code: 'no-tensors', message: `${name} is a text that lies beside weights and says nothing about a network here. To run one on text, drop its tokenizer.json and a text of your own.` });
      }
      for (const file of unread) {
        refusals.push({ file, tensor: null, code: 'no-tensors', message: `${file} is JSON and holds no tensors. Drop it together with the checkpoint that it belongs to.` });
      }
    }
    return { checkpoints, probes: probes.map((p) => p.summary), reports, trajectories, experiments, llcs, sideFiles: kept.map(baseName), refusals };
  }

  /** @throws InputError when the request does not fit. */
  async inspect(id: string, request: Partial<Request>, probe: string | null): Promise<Inspection> {
    return inspectCheckpoint(id, this.checkpoint(id), request, await this.probe(probe), this.memory);
  }

  checkpoint(id: string): Checkpoint {
    const checkpoint = this.checkpoints.get(id);
    if (!checkpoint) throw new InputError('not-open', 'This checkpoint is not open any more. Drop it again.');
    return checkpoint;
  }

  async probe(id: string | null): Promise<ProbeContent | null> {
    if (id === null) return null;
    const probe = this.probes.get(id);
    if (!probe) throw new InputError('not-open', 'This probe file is not open any more. Drop it again.');
    return probe.content();
  }

  /**
   * What was named as a probe: a lone .npy counts too, pictures are one probe, and side files among them are kept. Throws InputError where there is
   * none among these files.
   */
  async openProbe(sources: readonly ByteSource[], signal?: AbortSignal): Promise<ProbeContent> {
    const opened = await openFiles([...sources], signal);
    this.keep(opened.sides);
    const arrays = opened.checkpoints.find(({ format }) => format !== 'PNG');
    if (arrays) return arraysProbe('', arrays, this.beside).content();
    const pictures = opened.checkpoints.filter(({ format }) => format === 'PNG');
    if (pictures.length > 0) return (await picturesProbe('', pictures, this.beside)).content();
    const text = opened.texts[0];
    if (text) return (await textProbe('', text, this.beside)).content();
    throw new InputError('probe', opened.refusals[0]?.message ?? 'There is no probe file at this path.');
  }

  /** Keeps what says how text or pixels become inputs; gives the names of what was kept. */
  private keep(sides: ReadonlyMap<string, string>): string[] {
    const kept = [...sides].filter(([name]) => BESIDE.has(baseName(name)));
    for (const [name, text] of kept) {
      const before = this.beside.findIndex((side) => side.name === name);
      if (before >= 0) this.beside.splice(before, 1);
      this.beside.push({ name, text });
    }
    return kept.map(([name]) => name);
  }
}

function refusalOf(error: unknown, file: string): OpenedSummary['refusals'][number] {
  const known = error instanceof InputError ? error : null;
  return { file, tensor: known?.tensor ?? null, code: known?.code ?? 'unexpected', message: messageOf(error) };
}

async function inspectCheckpoint(id: string, checkpoint: Checkpoint, request: Partial<Request>, probe: ProbeContent | null, memory: number | null): Promise<Inspection> {
  return toInspection(id, await prepare(checkpoint, probe, request), checkpoint, memory);
}
