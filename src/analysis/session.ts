/** Open checkpoints, probes and snapshots of one engine, by id: what the page and the command line both do with a drop. */
import { InputError, messageOf } from '../base/errors';
import { openFiles } from '../checkpoint/open';
import type { ByteSource, Checkpoint } from '../checkpoint/types';
import { withDeltas } from '../model/lora';
import { unprefixed } from '../model/unprefix';
import type { ProbeFileContent } from '../probe/file';
import type { Inspection, OpenedExperiment, OpenedLlc, OpenedSummary, ProbeFile } from './events';
import { parseExperiment } from './experiment-file';
import { prepare, toInspection } from './inspect';
import { parseLlc } from './llc-file';
import { isProbe, readProbeFile } from './probe-file';
import { parseReport, parseTrajectory } from './snapshot';
import type { Report } from './report';
import type { Request } from './request';
import type { Trajectory } from './trajectory';

export class Session {
  private readonly checkpoints = new Map<string, Checkpoint>();
  private readonly probes = new Map<string, Checkpoint>();
  private next = 1;

  /**
   * One bad file never takes the others with it. `prefix`: ids of its own, for what may not open again as it did (a remote file)
   * and must not shift the ids of what comes after it.
   */
  async open(sources: readonly ByteSource[], signal?: AbortSignal, prefix = ''): Promise<OpenedSummary> {
    let own = 1;
    const opened = await openFiles([...sources], signal);
    const refusals = opened.refusals.map((r) => ({ ...r }));
    const checkpoints: Inspection[] = [];
    const probes: ProbeFile[] = [];
    const reports: Report[] = [];
    const trajectories: Trajectory[] = [];
    for (const found of opened.checkpoints) {
      const checkpoint = await unprefixed(withDeltas(found));
      const refuse = (error: unknown) =>
        void refusals.push({
          file: checkpoint.name,
          tensor: error instanceof InputError ? (error.tensor ?? null) : null,
          code: error instanceof InputError ? error.code : 'unexpected',
          message: messageOf(error),
        });
      const id = prefix === '' ? `${this.next++}` : `${prefix}${own++}`;
      if (isProbe(checkpoint)) {
        this.probes.set(id, checkpoint);
        probes.push(summariseProbe(id, checkpoint));
      } else {
        try {
          checkpoints.push(await inspectCheckpoint(id, checkpoint, {}, null));
          this.checkpoints.set(id, checkpoint);
        } catch (error) {
          refuse(error);
        }
      }
    }
    const experiments: OpenedExperiment[] = [];
    const llcs: OpenedLlc[] = [];
    const unread: string[] = [];
    for (const [file, text] of opened.sides) {
      const kind = /"kind"\s*:\s*"deadreckon-(report|trajectory|experiment|llc)"/.exec(text)?.[1];
      if (!kind) unread.push(file);
      try {
        if (kind === 'report') reports.push(parseReport(text, file));
        else if (kind === 'trajectory') trajectories.push(parseTrajectory(text, file));
        else if (kind === 'experiment') experiments.push({ file, record: parseExperiment(text, file) });
        else if (kind === 'llc') llcs.push(...parseLlc(text, file).map((record) => ({ file, record })));
      } catch (error) {
        refusals.push({ file, tensor: null, code: error instanceof InputError ? error.code : 'unexpected', message: messageOf(error) });
      }
    }
    if (checkpoints.length + probes.length + reports.length + trajectories.length + experiments.length + llcs.length === 0) {
      for (const file of unread) {
        refusals.push({ file, tensor: null, code: 'no-tensors', message: `${file} is JSON and holds no tensors. Drop it together with the checkpoint that it belongs to.` });
      }
    }
    return { checkpoints, probes, reports, trajectories, experiments, llcs, refusals };
  }

  /** @throws InputError when the request does not fit. */
  async inspect(id: string, request: Partial<Request>, probe: string | null): Promise<Inspection> {
    return inspectCheckpoint(id, this.checkpoint(id), request, await this.probe(probe));
  }

  checkpoint(id: string): Checkpoint {
    const checkpoint = this.checkpoints.get(id);
    if (!checkpoint) throw new InputError('not-open', 'This checkpoint is not open any more. Drop it again.');
    return checkpoint;
  }

  async probe(id: string | null): Promise<ProbeFileContent | null> {
    if (id === null) return null;
    const checkpoint = this.probes.get(id);
    if (!checkpoint) throw new InputError('not-open', 'This probe file is not open any more. Drop it again.');
    return readProbeFile(checkpoint);
  }

  /** A file that was named as a probe: a lone .npy counts too. */
  async openProbe(sources: readonly ByteSource[], signal?: AbortSignal): Promise<{ content: ProbeFileContent } | { refusal: string }> {
    const opened = await openFiles([...sources], signal);
    const checkpoint = opened.checkpoints[0];
    if (checkpoint) return { content: await readProbeFile(checkpoint) };
    return { refusal: opened.refusals[0]?.message ?? 'There is no probe file at this path.' };
  }
}

async function inspectCheckpoint(id: string, checkpoint: Checkpoint, request: Partial<Request>, probe: ProbeFileContent | null): Promise<Inspection> {
  return toInspection(id, await prepare(checkpoint, probe, request), checkpoint);
}

function summariseProbe(id: string, checkpoint: Checkpoint): ProbeFile {
  const inputs = checkpoint.tensors.get('inputs')!;
  const targets = checkpoint.tensors.get('targets');
  const shape = (s: readonly number[]) => `[${s.join(', ')}]`;
  return {
    id,
    name: checkpoint.name,
    fingerprint: checkpoint.fingerprint,
    description: `inputs ${shape(inputs.shape)}${targets ? `, targets ${shape(targets.shape)}` : ', no targets'}`,
    samples: inputs.shape[0] ?? 0,
    targets: targets !== undefined,
  };
}
