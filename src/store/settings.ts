/** What the person asks for, by subject: only what differs from the model's defaults is kept. */
import type { Inspection } from '../analysis/events';
import type { Request } from '../analysis/request';
import { currentSubject } from './session';
import type { App, Get, Set } from './store';

export interface Settings {
  /** What was chosen by hand, over the defaults of `inspection.request`. */
  edits: Partial<Request>;
  /** Id of a dropped probe; null = the built-in one. */
  probe: string | null;
}

export interface SettingsSlice {
  settings: Record<string, Settings>;
  /** Changes settings of the current subject; null takes back the person's choice. */
  edit(changes: { [K in keyof Request]?: Request[K] | null }): void;
  chooseOption(key: string, value: string): void;
  chooseProbe(id: string | null): Promise<void>;
  setThreshold(threshold: number): void;
  /** null takes back the person's choice. */
  setDigits(digits: number | null): void;
}

const none: Settings = { edits: {}, probe: null };

/** Asking the engine again for the defaults waits this long for the next keystroke. */
const INSPECT_DELAY = 200;

export function settingsSlice(set: Set, get: Get): SettingsSlice {
  let timer: ReturnType<typeof setTimeout> | undefined;

  const write = (id: string, changes: Partial<Settings>) => {
    set({ settings: { ...get().settings, [id]: { ...settingsOf(get(), id), ...changes } } });
  };

  return {
    settings: {},
    edit: (changes) => {
      const subject = currentSubject(get());
      if (!subject) return;
      const edits: Partial<Request> = { ...settingsOf(get(), subject.id).edits };
      for (const [key, value] of Object.entries(changes)) {
        if (value === null) delete edits[key as keyof Request];
        else Object.assign(edits, { [key]: value });
      }
      write(subject.id, { edits });
      clearTimeout(timer);
      timer = setTimeout(() => void get().inspectAgain(subject.id), INSPECT_DELAY);
    },
    chooseOption: (key, value) => {
      const subject = currentSubject(get());
      if (subject) get().edit({ choices: { ...settingsOf(get(), subject.id).edits.choices, [key]: value } });
    },
    chooseProbe: async (probe) => {
      const subject = currentSubject(get());
      if (!subject) return;
      write(subject.id, { probe });
      await get().inspectAgain(subject.id);
    },
    setThreshold: (threshold) => {
      const subject = currentSubject(get());
      if (subject) write(subject.id, { edits: { ...settingsOf(get(), subject.id).edits, threshold: clampThreshold(threshold) } });
    },
    setDigits: (digits) => {
      const subject = currentSubject(get());
      if (!subject) return;
      const { digits: _, ...edits } = settingsOf(get(), subject.id).edits;
      write(subject.id, { edits: digits === null ? edits : { ...edits, digits } });
    },
  };
}

export function settingsOf(state: Pick<App, 'settings'>, id: string): Settings {
  return state.settings[id] ?? none;
}

/** The whole request of a subject: the model's defaults under the person's edits. */
export function requestOf(inspection: Inspection, settings: Settings): Request {
  return { ...inspection.request, ...settings.edits };
}

export function thresholdOf(state: Pick<App, 'settings' | 'subjects' | 'current'>): number {
  const subject = currentSubject(state);
  if (!subject) return 0;
  return settingsOf(state, subject.id).edits.threshold ?? subject.inspection?.request.threshold ?? 0;
}

/** Digits that were asked for; null = those that each spectrum was computed for. */
export function digitsOf(state: Pick<App, 'settings' | 'subjects' | 'current'>): number | null {
  const subject = currentSubject(state);
  return subject ? (settingsOf(state, subject.id).edits.digits ?? null) : null;
}

/** A request (of a link or an example) as edits: its nulls mean "the default". */
export function editsOf(request: Partial<Request>): Partial<Request> {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== null && value !== undefined));
}

function clampThreshold(threshold: number): number {
  return Number.isFinite(threshold) ? Math.min(1, Math.max(0, threshold)) : 0;
}
