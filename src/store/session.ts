/** What is open: subjects (checkpoints and snapshots), dropped probes, refusals, and what runs now. */
import type { Inspection, Phase, ProbeFile } from '../analysis/events';
import type { Example } from '../analysis/example';
import type { Source } from '../analysis/link';
import type { Environment } from './environment';
import type { Get, Set } from './store';

/** One thing that can be looked at: an open checkpoint, or the snapshot of a finished analysis. */
export interface Subject {
  id: string;
  name: string;
  fingerprint: string;
  source: Source;
  /** Null for a snapshot: there are no weights behind it. */
  inspection: Inspection | null;
}

export interface Refusal {
  id: number;
  /** The file (or tensor of a file) at fault; empty when it is no file's fault. */
  where: string;
  message: string;
}

export interface Progress {
  phase: Phase;
  layer: string | null;
  done: number;
  total: number;
  secondsLeft: number | null;
}

export interface SessionSlice {
  subjects: Subject[];
  /** Id of the subject in view; null = the landing page. */
  current: string | null;
  probes: ProbeFile[];
  /** Names of side files that say how text or pixels become inputs. */
  sideFiles: string[];
  refusals: Refusal[];
  /** What is being opened, in words. */
  opening: string | null;
  /** Id of the subject being analysed. */
  running: string | null;
  progress: Progress | null;
  /** Bundled examples; null until they are here. */
  gallery: Example[] | null;
  galleryError: string | null;
  toast: { id: number; text: string } | null;

  choose(id: string): void;
  goHome(): void;
  refuse(where: string, message: string): void;
  dismissRefusal(id: number): void;
  dismissRefusals(): void;
  say(text: string): void;
  hideToast(id: number): void;
}

let serial = 0;

export function sessionSlice(set: Set, get: Get, environment: Environment): SessionSlice {
  return {
    subjects: [],
    current: null,
    probes: [],
    sideFiles: [],
    refusals: [],
    opening: null,
    running: null,
    progress: null,
    gallery: null,
    galleryError: null,
    toast: null,

    choose: (id) => {
      if (id === get().current || !get().subjects.some((s) => s.id === id)) return;
      set({ current: id, view: { ...get().view, layer: null, range: null, direction: null }, pathView: { ...get().pathView, direction: null } });
    },
    goHome: () => {
      environment.setFragment('');
      set({ current: null, pending: null, experimenting: false });
    },
    refuse: (where, message) => set({ refusals: [...get().refusals, { id: ++serial, where, message }] }),
    dismissRefusal: (id) => set({ refusals: get().refusals.filter((r) => r.id !== id) }),
    dismissRefusals: () => set({ refusals: [] }),
    say: (text) => set({ toast: { id: ++serial, text } }),
    hideToast: (id) => {
      if (get().toast?.id === id) set({ toast: null });
    },
  };
}

/** The subject in view. */
export function currentSubject(state: Pick<SessionSlice, 'subjects' | 'current'>): Subject | null {
  return state.subjects.find((s) => s.id === state.current) ?? null;
}
