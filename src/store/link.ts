/** Links: made from what is in view, and opened into it. */
import type { ProbeFile } from '../analysis/events';
import { sameAgain } from '../analysis/fingerprint';
import { experimentOfLink } from '../analysis/experiment-link';
import { defaultPath, digestOf, encodeLink, Link, readLink, unpackLink, type Source } from '../analysis/link';
import { looksRemote } from '../analysis/remote';
import { messageOf } from '../base/errors';
import type { Environment } from './environment';
import { shownReport, sidesOf } from './report';
import { drawnSides, selectedLayer } from './selection';
import { currentSubject, type Subject } from './session';
import { digitsOf, editsOf, requestOf, settingsOf, thresholdOf } from './settings';
import { shownTrajectory } from './trajectory';
import type { App, Get, Set } from './store';

/** A link to a file that is not here yet: somebody's own, or one that may be fetched once the person agrees. */
export interface Pending {
  link: Link & { source: Exclude<Source, { kind: 'example' }> };
  /** Dropped checkpoints that are not the one the link speaks of. */
  strangers: Subject[];
  /** The right checkpoint, still waiting for its probe. */
  found: Subject | null;
}

export interface LinkSlice {
  pending: Pending | null;
  /** The Grams of the link that was opened, until a run has been compared with them. */
  expected: string | null;
  /** Copies the link of what is in view, and says what it holds. */
  copyLink(): Promise<void>;
  /** Opens a share link, as a fragment or whole, or the address of a file. */
  openLink(text: string): Promise<void>;
  /** Compares dropped files with what the link asks for. */
  meet(subjects: readonly Subject[], probes: readonly ProbeFile[]): void;
  /** Analyses a file as itself, in spite of the link. */
  adopt(subject: Subject): void;
  closePending(): void;
}

export function linkSlice(set: Set, get: Get, environment: Environment): LinkSlice {
  /** Puts a subject in view the way the link says. */
  const enter = (subject: Subject, link: Link, probe: string | null) => {
    set({
      subjects: [...get().subjects.filter((s) => s.id !== subject.id), subject],
      current: subject.id,
      view: link.view,
      pathView: link.path ?? defaultPath,
      pending: null,
      settings: { ...get().settings, [subject.id]: { edits: editsOf(link.request), probe } },
      expected: link.grams,
    });
    if (subject.inspection)
      void get()
        .inspectAgain(subject.id)
        .then(() => get().run())
        .then(() => restorePath(link));
  };

  const restorePath = async (link: Link) => {
    if (link.path && get().view.tab === 'trajectory') await get().traceAtOnce();
  };

  return {
    pending: null,
    expected: null,

    copyLink: async () => {
      const link = linkOf(get());
      if (!link) return;
      const fragment = encodeLink(link);
      environment.setFragment(fragment);
      const address = environment.address() + fragment;
      const where = link.source.kind === 'remote' ? 'the address of the file, ' : '';
      const digest = link.digest.length > 0 ? ' and a table of results' : '';
      const held = `${where}layer, probe, seed, thresholds${digest}; no weights`;
      try {
        await environment.copyText(address);
        get().say(`Link copied: ${held}. ${address.length} characters.`);
      } catch {
        get().say(`The clipboard is closed to this page; the link is in the address bar. It holds ${held}.`);
      }
    },

    openLink: async (text) => {
      if (looksRemote(text)) return get().openAddress(text);
      const hash = text.trim().indexOf('#');
      let link: Link;
      try {
        const data = unpackLink(hash < 0 ? text.trim() : text.trim().slice(hash));
        const experiment = experimentOfLink(data);
        if (experiment) return await get().openExperimentLink(experiment);
        link = readLink(Link, data);
      } catch (error) {
        get().refuse('', messageOf(error));
        return;
      }
      const { source } = link;
      if (source.kind === 'example') {
        set({ view: link.view, pathView: link.path ?? defaultPath, pending: null, expected: link.grams });
        await get().openExample(source.id, link.request);
        await restorePath(link);
        return;
      }
      set({ pending: { link: { ...link, source }, strangers: [], found: null }, current: null, view: link.view });
      // The file may be open already.
      get().meet(get().subjects, []);
    },

    meet: (subjects, probes) => {
      const { pending } = get();
      if (!pending) return;
      const { source } = pending.link;
      const found = subjects.find((s) => s.fingerprint === source.fingerprint) ?? pending.found;
      const probe = source.probe && [...probes, ...get().probes].find((p) => p.fingerprint === source.probe!.fingerprint);
      // A snapshot needs no probe: its numbers are there.
      if (found && (!source.probe || probe || !found.inspection)) {
        enter(found, pending.link, probe?.id ?? null);
        return;
      }
      const known = new Set(get().subjects.map((s) => s.id));
      const strangers = subjects.filter((s) => s !== found && !known.has(s.id));
      set({ pending: { ...pending, found, strangers: strangers.length > 0 ? strangers : pending.strangers } });
    },

    adopt: (subject) => {
      environment.setFragment('');
      set({ pending: null, subjects: [...get().subjects.filter((s) => s.id !== subject.id), subject], current: subject.id });
      get().look({ layer: null, range: null, direction: null });
      if (subject.inspection?.runsAtOnce) void get().run();
    },

    closePending: () => {
      environment.setFragment('');
      set({ pending: null });
    },
  };
}

/** Everything that restores the view of the current subject. */
export function linkOf(state: App): Link | null {
  const subject = currentSubject(state);
  const report = shownReport(state);
  const trajectory = shownTrajectory(state);
  if (!subject) return null;
  const settings = settingsOf(state, subject.id);
  const probe = state.probes.find((p) => p.id === settings.probe);
  const { memory: _, ...request } = subject.inspection ? requestOf(subject.inspection, settings) : sameAgain(report!);
  const source: Source =
    subject.source.kind !== 'example' && probe
      ? { ...subject.source, probe: { name: probe.name.slice(0, 1000), fingerprint: probe.fingerprint } }
      : subject.source;
  const available = sidesOf(report);
  return {
    source,
    request: { ...request, threshold: thresholdOf(state), digits: digitsOf(state) },
    view: {
      ...state.view,
      layer: selectedLayer(state),
      sides: available.length > 0 ? [...drawnSides(state.view, available)] : state.view.sides,
    },
    path: trajectory ? { ...state.pathView, kind: trajectory.path } : undefined,
    grams: report?.provenance.grams ?? null,
    // An example is recomputed where the link is opened: its numbers need not travel.
    digest: report && source.kind !== 'example' ? digestOf(report) : [],
  };
}
