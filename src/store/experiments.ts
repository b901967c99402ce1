/** The experiments page: one card per experiment, with the protocol as it is typed, one run at a time, and the last result of each. */
import type { OpenedExperiment } from '../analysis/events';
import { encodeExperimentLink, type ExperimentLink } from '../analysis/experiment-link';
import type { ExperimentRecord, ExperimentSummary, ProtocolSize } from '../analysis/experiment-record';
import { isAbort, messageOf } from '../base/errors';
import type { ExperimentProgress } from '../worker/protocol';
import { batch } from './batch';
import type { Environment } from './environment';
import { blankCard, draftOf, listText, orderOf, type ExperimentDraft } from './experiment-draft';
import type { Get, Set } from './store';

export interface ExperimentCard extends ExperimentDraft {
  result: ExperimentRecord | null;
  /** The file that the result came from; null = it was computed here. */
  file: string | null;
  /** Whether a link filled in the protocol, and nothing was run since. */
  linked: boolean;
  error: string | null;
}

export interface ExperimentRun {
  name: string;
  /** Null until the recipe says something. */
  progress: (ExperimentProgress & { secondsLeft: number | null }) | null;
}

export interface ExperimentsSlice {
  /** Whether the page of experiments is in view while no subject is. */
  experimenting: boolean;
  /** Null until the engine has told. */
  experimentList: ExperimentSummary[] | null;
  /** By name; an experiment that nobody touched has none. */
  experimentCards: Record<string, ExperimentCard>;
  experimentRun: ExperimentRun | null;
  /** Name of the card to be brought into view. */
  experimentFocus: string | null;

  openExperiments(): Promise<void>;
  draftExperiment(name: string, changes: Partial<Pick<ExperimentCard, 'seed' | 'backend'>>): void;
  /** A size sets every field that was not typed; choosing one takes back what was. */
  sizeExperiment(name: string, size: ProtocolSize): void;
  typeSetting(name: string, key: string, text: string): void;
  runExperiment(name: string): Promise<void>;
  cancelExperiment(): void;
  /** Each on its card, with the protocol that gives it again. */
  showExperimentRecords(opened: readonly OpenedExperiment[]): Promise<void>;
  /** Fills in what a link asks for; runs nothing. */
  openExperimentLink(link: ExperimentLink): Promise<void>;
  copyExperimentLink(name: string): Promise<void>;
  experimentFocused(): void;
}

/** Progress reaches the page at most this often, in milliseconds. */
const BATCH_DELAY = 100;

export function experimentsSlice(set: Set, get: Get, environment: Environment): ExperimentsSlice {
  const { client } = environment;
  let stop: AbortController | null = null;

  const change = (name: string, changes: Partial<ExperimentCard>) => {
    set({ experimentCards: { ...get().experimentCards, [name]: { ...cardOf(get(), name), ...changes } } });
  };
  const summaryOf = (name: string) => get().experimentList?.find((e) => e.name === name) ?? null;

  const load = async () => {
    if (get().experimentList) return;
    try {
      const experimentList = await client.experiments();
      set({ experimentList });
    } catch (error) {
      get().refuse('', `The experiments could not be listed: ${messageOf(error)}`);
    }
  };

  return {
    experimenting: false,
    experimentList: null,
    experimentCards: {},
    experimentRun: null,
    experimentFocus: null,

    openExperiments: async () => {
      set({ experimenting: true, current: null, pending: null });
      await load();
    },

    draftExperiment: (name, changes) => change(name, changes),
    sizeExperiment: (name, size) => change(name, { size, typed: {} }),
    typeSetting: (name, key, text) => change(name, { typed: { ...cardOf(get(), name).typed, [key]: text } }),

    runExperiment: async (name) => {
      const summary = summaryOf(name);
      const { backend, ...draft } = cardOf(get(), name);
      const order = summary && orderOf(summary, draft);
      if (!order || busyWith(get()) !== null) return;
      const controller = (stop = new AbortController());
      const begin = performance.now();
      const progress = batch<ExperimentProgress>((items) => {
        const last = items.at(-1)!;
        set({ experimentRun: { name, progress: { ...last, secondsLeft: secondsLeft(last, (performance.now() - begin) / 1000) } } });
      }, BATCH_DELAY);
      set({ experimentRun: { name, progress: null } });
      change(name, { error: null, linked: false });
      try {
        const result = await client.experiment({ order, backend }, progress.push, controller.signal);
        if (!controller.signal.aborted) change(name, { result, file: null });
      } catch (error) {
        if (!isAbort(error)) change(name, { error: messageOf(error) });
      } finally {
        progress.close();
        if (stop === controller) {
          stop = null;
          set({ experimentRun: null });
        }
      }
    },

    cancelExperiment: () => {
      if (!stop) return;
      stop.abort();
      stop = null;
      set({ experimentRun: null });
      get().say('Cancelled. The result that was there stays.');
    },

    showExperimentRecords: async (opened) => {
      for (const { file, record } of opened) {
        change(record.name, { ...draftOf(record, summaryOf(record.name)), result: record, file, linked: false, error: null });
      }
      environment.setFragment('#experiments');
      set({ experimentFocus: opened.at(-1)!.record.name });
      if (get().experimentList) return get().openExperiments();
      // Without the list nobody knew which fields there are.
      await get().openExperiments();
      for (const { record } of opened) {
        if (cardOf(get(), record.name).result === record) change(record.name, draftOf(record, summaryOf(record.name)));
      }
    },

    openExperimentLink: async ({ experiment: { name, size, changes, seed }, backend }) => {
      await get().openExperiments();
      if (!get().experimentList) return;
      const summary = summaryOf(name);
      const unknown = summary ? Object.keys(changes).find((key) => !summary.fields.some((f) => f.key === key)) : undefined;
      if (!summary || unknown !== undefined) {
        const what = summary ? `a setting '${unknown}' of the experiment ${name}` : `the experiment '${name}'`;
        get().refuse('', `This link asks for ${what}, which this version of Deadreckon does not have. Open it with a newer one.`);
        return;
      }
      const typed = Object.fromEntries(Object.entries(changes).map(([key, value]) => [key, listText(value)]));
      change(name, { size, typed, seed: String(seed), backend, linked: true, error: null });
      set({ experimentFocus: name });
    },

    copyExperimentLink: async (name) => {
      const summary = summaryOf(name);
      const { backend, ...draft } = cardOf(get(), name);
      const order = summary && orderOf(summary, draft);
      if (!order) return;
      const fragment = encodeExperimentLink({ experiment: order, backend });
      environment.setFragment(fragment);
      const address = environment.address() + fragment;
      try {
        await environment.copyText(address);
        get().say(`Link copied: experiment, protocol, seed, backend; no results. ${address.length} characters.`);
      } catch {
        get().say('The clipboard is closed to this page; the link is in the address bar. It holds experiment, protocol, seed and backend.');
      }
    },

    experimentFocused: () => set({ experimentFocus: null }),
  };
}

/** As if what is left went as what is done; null while too little is known. */
function secondsLeft({ done, total }: ExperimentProgress, elapsed: number): number | null {
  return done > 0 && total > 0 && elapsed > 2 ? (elapsed * Math.max(0, total - done)) / done : null;
}

/** The card of an experiment, as it is before anybody touches it. */
export function cardOf(state: Pick<ExperimentsSlice, 'experimentCards'>, name: string): ExperimentCard {
  return Object.hasOwn(state.experimentCards, name) ? state.experimentCards[name]! : untouched;
}

const untouched: ExperimentCard = { ...blankCard, result: null, file: null, linked: false, error: null };

/** Why no experiment can be started now; null where one can. */
export function busyWith(state: { running: string | null; llcRun: object | null } & Pick<ExperimentsSlice, 'experimentRun'>): string | null {
  if (state.llcRun) return 'an LLC is being sampled';
  if (state.experimentRun) return `${state.experimentRun.name} is running`;
  return state.running === null ? null : 'an analysis is running';
}

/** Every experiment to be shown: those that there are, and results of others that were opened. */
export function shownExperiments(state: Pick<ExperimentsSlice, 'experimentList' | 'experimentCards'>): ExperimentSummary[] {
  const list = state.experimentList ?? [];
  const others = Object.values(state.experimentCards).flatMap(({ result }) =>
    result && state.experimentList && !list.some((e) => e.name === result.name)
      ? [{ name: result.name, title: result.title, claim: result.claim, fields: [] }]
      : [],
  );
  return [...list, ...others];
}
