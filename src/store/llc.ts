/** The local learning coefficient by sampling: one run at a time, results by fingerprint of the checkpoint, and a curve that was made elsewhere. */
import type { OpenedLlc } from '../analysis/events';
import { llcCost, MOST_WEIGHTS, type LlcCost } from '../analysis/llc-cost';
import { compareLlc, parseLlcCurve, type LlcComparison, type LlcPoint } from '../analysis/llc-curve';
import type { LlcProgress, LlcRecord } from '../analysis/llc-record';
import { InputError, isAbort, messageOf } from '../base/errors';
import type { NamedFile } from './actions';
import { batch } from './batch';
import { followable } from './directions';
import type { Environment } from './environment';
import { busyWith } from './experiments';
import { blankLlc, llcRequestOf, type LlcDraft } from './llc-draft';
import { currentSubject } from './session';
import { requestOf, settingsOf } from './settings';
import type { App, Get, Set } from './store';

export interface LlcResult {
  record: LlcRecord;
  /** The file that it came from; null = it was sampled here. */
  file: string | null;
}

export interface LlcRun {
  /** Id of the subject. */
  id: string;
  progress: (LlcProgress & { secondsLeft: number | null }) | null;
}

export interface LlcSlice {
  /** One for all checkpoints: what is to be compared is sampled alike. */
  llcDraft: LlcDraft;
  llcRun: LlcRun | null;
  /** By fingerprint of the checkpoint, the newest last: repeats stay. */
  llcResults: Record<string, readonly LlcResult[]>;
  /** By id of the subject. */
  llcErrors: Record<string, string>;
  llcCurve: { file: string; points: readonly LlcPoint[] } | null;

  draftLlc(changes: Partial<LlcDraft>): void;
  /** Samples the subject in view; `repeat` = with the next seed that has not been used. */
  runLlc(repeat?: boolean): Promise<void>;
  cancelLlc(): void;
  showLlcRecords(opened: readonly OpenedLlc[]): void;
  /** Takes the CSV files out of a drop, as curves; gives back the others. */
  takeLlcCurves(files: readonly NamedFile[]): Promise<NamedFile[]>;
  forgetLlcCurve(): void;
}

/** Progress reaches the page at most this often, in milliseconds. */
const BATCH_DELAY = 100;
/** Repeats kept of one checkpoint. */
const MOST_REPEATS = 100;

export function llcSlice(set: Set, get: Get, environment: Environment): LlcSlice {
  let stop: AbortController | null = null;

  const keep = (result: LlcResult) => {
    const { fingerprint } = result.record.checkpoint;
    const before = resultsOf(get(), fingerprint);
    set({ llcResults: { ...get().llcResults, [fingerprint]: [...before, result].slice(-MOST_REPEATS) } });
  };
  const tellError = (id: string, message: string | null) => {
    const { [id]: _, ...others } = get().llcErrors;
    set({ llcErrors: message === null ? others : { ...others, [id]: message } });
  };

  return {
    llcDraft: blankLlc,
    llcRun: null,
    llcResults: {},
    llcErrors: {},
    llcCurve: null,

    draftLlc: (changes) => set({ llcDraft: { ...get().llcDraft, ...changes } }),

    runLlc: async (repeat = false) => {
      const subject = currentSubject(get());
      const plan = llcPlan(get());
      if (!subject?.inspection || plan.kind !== 'ready' || !plan.request || busyWith(get()) !== null) return;
      const { id, inspection, fingerprint } = subject;
      const settings = settingsOf(get(), id);
      const used = resultsOf(get(), fingerprint).map(({ record }) => record.settings.seed);
      const llc = repeat ? { ...plan.request, seed: (Math.max(...used, 0) + 1) % 2 ** 32 } : plan.request;
      const controller = (stop = new AbortController());
      const begin = performance.now();
      const progress = batch<LlcProgress>((items) => {
        const last = items.at(-1)!;
        const elapsed = (performance.now() - begin) / 1000;
        const secondsLeft = last.part > 0 && elapsed > 1 ? (elapsed * (1 - last.part)) / last.part : null;
        set({ llcRun: { id, progress: { ...last, secondsLeft } } });
      }, BATCH_DELAY);
      set({ llcRun: { id, progress: null } });
      tellError(id, null);
      try {
        const args = { id, probe: settings.probe, request: requestOf(inspection, settings), llc };
        const record = await environment.client.llc(args, progress.push, controller.signal);
        if (!controller.signal.aborted) keep({ record, file: null });
      } catch (error) {
        if (!isAbort(error)) tellError(id, messageOf(error));
      } finally {
        progress.close();
        if (stop === controller) {
          stop = null;
          set({ llcRun: null });
        }
      }
    },

    cancelLlc: () => {
      if (!stop) return;
      stop.abort();
      stop = null;
      set({ llcRun: null });
      get().say('Cancelled. Chains that were cut short give no value; results that were there stay.');
    },

    showLlcRecords: (opened) => {
      for (const result of opened) keep(result);
      const here = currentSubject(get())?.fingerprint;
      const last = opened.at(-1)!.record.checkpoint;
      if (opened.some(({ record }) => record.checkpoint.fingerprint === here)) get().look({ tab: 'llc' });
      else {
        const open = get().subjects.some((s) => s.fingerprint === last.fingerprint);
        get().say(`The LLC of ${last.name} is kept: ${open ? 'choose that checkpoint' : 'drop that checkpoint or its report'}, and it stands under LLC.`);
      }
    },

    takeLlcCurves: async (files) => {
      const others: NamedFile[] = [];
      for (const { file, name } of files) {
        if (!/\.csv$/i.test(name)) {
          others.push({ file, name });
          continue;
        }
        try {
          const points = parseLlcCurve(await file.text(), name);
          set({ llcCurve: { file: name, points } });
          if (get().current === null) get().say(`${name} holds an LLC curve of ${points.length} checkpoints: it stands under LLC of every checkpoint.`);
          else get().look({ tab: 'llc' });
        } catch (error) {
          get().refuse(error instanceof InputError ? (error.file ?? name) : name, messageOf(error));
        }
      }
      return others;
    },

    forgetLlcCurve: () => set({ llcCurve: null }),
  };
}

const none: readonly LlcResult[] = [];

/** Every result of a checkpoint, the newest last. */
export function resultsOf(state: Pick<LlcSlice, 'llcResults'>, fingerprint: string): readonly LlcResult[] {
  return Object.hasOwn(state.llcResults, fingerprint) ? state.llcResults[fingerprint]! : none;
}

export type LlcPlan =
  | { kind: 'no-weights' | 'no-model' }
  | { kind: 'too-large'; weights: number; most: number }
  /** `request`: null while a field cannot be used. `measured`: the cost follows an earlier run. `gpu`: it runs there, one chain after another. */
  | { kind: 'ready'; gpu: boolean; samples: number; targets: boolean; loss: string | null; request: ReturnType<typeof llcRequestOf>; cost: LlcCost | null; measured: boolean };

let last: { of: readonly unknown[]; plan: LlcPlan } | null = null;

/** Whether the subject in view can be sampled, and what that would take; the same object while nothing that it depends on changes. */
export function llcPlan(state: App): LlcPlan {
  const of = [currentSubject(state), state.settings, state.llcDraft, state.llcResults];
  if (!last || of.some((part, i) => part !== last!.of[i])) last = { of, plan: planOf(state) };
  return last.plan;
}

function planOf(state: App): LlcPlan {
  const subject = currentSubject(state);
  if (!subject?.inspection) return { kind: 'no-weights' };
  const { inspection, fingerprint } = subject;
  if (!followable(inspection)) return { kind: 'no-model' };
  const weights = inspection.model.parameters;
  if (weights > MOST_WEIGHTS) return { kind: 'too-large', weights, most: MOST_WEIGHTS };
  const settings = settingsOf(state, subject.id);
  const wanted = requestOf(inspection, settings);
  const { samples, positions, labels } = inspection.probe;
  const request = llcRequestOf(state.llcDraft, samples);
  const before = resultsOf(state, fingerprint).findLast(({ record, file }) => file === null && record.probe.samples === samples && record.probe.positions === positions);
  const passSeconds = before ? before.record.provenance.seconds / before.record.passes : null;
  return { kind: 'ready', gpu: wanted.backend === 'webgpu', samples, targets: labels !== undefined, loss: wanted.loss, request, cost: request && llcCost(request, { weights, samples, positions }, passSeconds), measured: before !== undefined };
}

/** Runs of one checkpoint that differ in nothing but the seed of the chains, the newest among them. */
export function repeatsOf(results: readonly LlcResult[]): LlcRecord[] {
  const newest = results.at(-1)?.record;
  if (!newest) return [];
  const essence = ({ probe, settings: { seed: _, step, gamma, ...settings }, calibration }: LlcRecord) =>
    JSON.stringify([probe, settings, calibration ? 'calibrated' : [step, gamma]]);
  const same = results.flatMap(({ record }) => (essence(record) === essence(newest) ? [record] : []));
  return [...new Map(same.map((record) => [record.settings.seed, record])).values()];
}

/** The newest record of every checkpoint, beside the curve. */
export function comparisonOf(state: Pick<LlcSlice, 'llcResults' | 'llcCurve'>): LlcComparison[] {
  return compareLlc(Object.values(state.llcResults).map((results) => results.at(-1)!.record), state.llcCurve?.points ?? []);
}
