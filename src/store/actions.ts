/** What a person can set in motion: opening files, running an analysis, stopping it. */
import { whyUnfit, type AnalysisEvent, type Inspection, type OpenedSummary, type ProbeFile } from '../analysis/events';
import { Gallery, type Example } from '../analysis/example';
import { defaultView } from '../analysis/link';
import { isShareable } from '../analysis/remote';
import { reportOfPoint, type Trajectory } from '../analysis/trajectory';
import type { Report } from '../analysis/report';
import type { Request } from '../analysis/request';
import { InputError, isAbort, messageOf } from '../base/errors';
import { batch } from './batch';
import type { Environment } from './environment';
import { recallRun, rememberRun, type LastRun } from './last-run';
import { extendReport, settleReport } from './report';
import { currentSubject, type Subject } from './session';
import { editsOf, requestOf, settingsOf } from './settings';
import type { Get, Set } from './store';
import { runOfDrop } from './trajectory';

export interface NamedFile {
  file: Blob;
  /** Path within the drop: 'run/model.safetensors'. */
  name: string;
}

export interface ActionsSlice {
  /** What each example gave when it last ran here; null = never. */
  lastRuns: Record<string, LastRun | null>;
  loadGallery(): Promise<void>;
  openFiles(files: readonly NamedFile[]): Promise<void>;
  /** Takes in what was opened; `addresses`: where checkpoints were fetched, by id. */
  receive(opened: OpenedSummary, addresses?: ReadonlyMap<string, string>): Promise<void>;
  /** Opens and runs a bundled example; `request` replaces the example's own. */
  openExample(id: string, request?: Partial<Request>): Promise<void>;
  /** Analyses the current subject with its settings. */
  run(): Promise<void>;
  cancel(): void;
  inspectAgain(id: string): Promise<void>;
}

/** Spectra reach the page at most this often, in milliseconds. */
const BATCH_DELAY = 100;

export function actionsSlice(set: Set, get: Get, environment: Environment): ActionsSlice {
  const { client } = environment;
  let stop: AbortController | null = null;
  let opening = 0;

  const refuse = (error: unknown, where: string) => {
    const at = error instanceof InputError ? [error.file ?? where, error.tensor].filter(Boolean).join(' · ') : where;
    get().refuse(at, messageOf(error));
  };

  const open = async (files: readonly NamedFile[], words: string): Promise<OpenedSummary | null> => {
    const turn = ++opening;
    set({ opening: words });
    try {
      const opened = await client.open(files);
      for (const r of opened.refusals) get().refuse(r.tensor ? `${r.file} · ${r.tensor}` : r.file, r.message);
      set({ probes: [...get().probes, ...opened.probes], sideFiles: [...get().sideFiles, ...opened.sideFiles] });
      return opened;
    } catch (error) {
      if (!isAbort(error)) refuse(error, words);
      return null;
    } finally {
      if (turn === opening) set({ opening: null });
    }
  };

  /** The first of the probes that the network can be run on; where there is none, the page says why. Null too where something else came into view meanwhile. */
  const fitting = async (probes: readonly ProbeFile[], inspection: Inspection): Promise<ProbeFile | null> => {
    const { edits } = settingsOf(get(), inspection.id);
    const { current } = get();
    let first: string | null = null;
    for (const probe of probes) {
      const reason = await whyUnfit(probe, inspection, get().sideFiles, () => client.inspect(inspection.id, edits, probe.id)).catch(messageOf);
      if (get().current !== current) return null;
      if (reason === null) return probe;
      first ??= reason;
    }
    if (first !== null) get().say(first);
    return null;
  };

  /** Takes in a drop without anything to look at: probes and side files, for the network in view. */
  const meetCurrent = async ({ probes, sideFiles }: OpenedSummary) => {
    const inspection = currentSubject(get())?.inspection ?? null;
    if (!inspection) {
      if (probes[0]) get().say(`${probes[0].name} is a probe: now drop the checkpoint that it belongs to.`);
      else if (sideFiles.length > 0) get().say(`Kept: ${sideFiles.join(', ')}. Now drop the checkpoint that it belongs to.`);
      return;
    }
    // A text may have waited for its tokenizer.
    const offered = probes.length > 0 || !sideFiles.includes('tokenizer.json') ? probes : get().probes.filter((p) => p.kind === 'text').slice(-1);
    const probe = await fitting(offered, inspection);
    if (probe) return get().chooseProbe(probe.id);
    if (offered.length > 0 || sideFiles.length === 0) return;
    const text = sideFiles.some((name) => name.startsWith('tokenizer'));
    get().say(`Kept: ${sideFiles.join(', ')}. It says how ${text ? 'text becomes tokens: now drop a text (.txt)' : 'pixels are scaled'}.`);
    await get().inspectAgain(inspection.id);
  };

  /** Puts a subject in view; its zoom and layer start anew. */
  const show = (added: readonly Subject[]) => {
    const ids = new Set(added.map((s) => s.id));
    set({
      subjects: [...get().subjects.filter((s) => !ids.has(s.id)), ...added],
      current: added[0]!.id,
      // How things are drawn stays; what was selected and filtered belonged to the other subject.
      view: { ...get().view, tab: defaultView.tab, layer: null, range: null, sort: null, filter: '', direction: null, directions: defaultView.directions },
      pathView: { ...get().pathView, direction: null, window: null, at: null },
    });
  };

  /** A saved trajectory as a subject; its last point stands for the report. One without any point shows nothing. */
  const keepTrajectory = (trajectory: Trajectory): Subject[] => {
    const at = trajectory.points.findLastIndex((p) => p.spectra.length > 0);
    if (at < 0) return [];
    const report = reportOfPoint(trajectory, at);
    const subject = snapshot(report);
    set({
      trajectories: { ...get().trajectories, [subject.id]: trajectory },
      results: { ...get().results, [subject.id]: { report, request: null, probe: null, verified: null } },
    });
    return [subject];
  };

  const loadGallery = async () => {
    if (get().gallery) return;
    try {
      const text = await (await environment.fetchFile('examples/index.json')).text();
      const gallery = Gallery.parse(JSON.parse(text));
      set({
        gallery,
        galleryError: null,
        lastRuns: Object.fromEntries(gallery.map((e) => [e.id, recallRun(e.id, environment)])),
      });
    } catch {
      set({ galleryError: 'The bundled examples could not be read. Files of your own can still be dropped.' });
    }
  };

  const exampleOf = (subject: Subject): Example | null => {
    const { source } = subject;
    return source.kind === 'example' ? (get().gallery?.find((e) => e.id === source.id) ?? null) : null;
  };

  return {
    lastRuns: {},
    loadGallery,

    openFiles: async (dropped) => {
      const files = await get().takeLlcCurves(dropped);
      if (files.length === 0) return;
      const opened = await open(files, files.length === 1 ? files[0]!.name : `${files.length} files`);
      if (opened) await get().receive(opened);
    },

    receive: async (opened, addresses) => {
      const subjects = [
        ...opened.checkpoints.map((inspection) => localSubject(inspection, addresses?.get(inspection.id))),
        ...opened.reports.map((report) => snapshot(report)),
      ];
      const paths = opened.trajectories.flatMap((trajectory) => keepTrajectory(trajectory));
      subjects.push(...paths);
      const results = { ...get().results };
      opened.reports.forEach((report, i) => {
        results[subjects[opened.checkpoints.length + i]!.id] = { report, request: null, probe: null, verified: null };
      });
      set({ results });
      if (opened.experiments.length > 0) {
        const shown = get().showExperimentRecords(opened.experiments);
        if (subjects.length + opened.probes.length === 0) return shown;
      }
      if (opened.llcs.length > 0) get().showLlcRecords(opened.llcs);
      if (get().pending) {
        get().meet(subjects, opened.probes);
        return;
      }
      if (subjects.length === 0) return meetCurrent(opened);
      environment.setFragment('');
      show(subjects);
      const run = runOfDrop(subjects);
      if (run) get().choose(run.last);
      if (run || subjects[0] === paths[0]) get().look({ tab: 'trajectory' });
      const { current } = get();
      const probe = subjects[0]!.inspection && (await fitting(opened.probes, subjects[0]!.inspection));
      if (probe) await get().chooseProbe(probe.id);
      // A side file may have been fetched for long: who looks at something else by now did not ask for its analysis.
      if (get().current !== current) return;
      if (currentSubject(get())?.inspection?.runsAtOnce) await get().run();
      // Whoever stopped the first analysis does not want the others.
      if (run?.atOnce && get().results[run.last]?.report.provenance.partial === false) await get().trace();
    },

    openExample: async (id, request) => {
      await loadGallery();
      const example = get().gallery?.find((e) => e.id === id);
      if (!example) {
        get().refuse(id, `There is no example named "${id}" here. Choose one of the gallery.`);
        return;
      }
      set({ opening: example.title });
      let files: NamedFile[];
      try {
        files = await Promise.all(
          example.files.map(async (name) => ({ name, file: await environment.fetchFile(`examples/${name}`) })),
        );
      } catch (error) {
        set({ opening: null });
        refuse(error, example.title);
        return;
      }
      const opened = await open(files, example.title);
      const inspection = opened?.checkpoints[0];
      if (!opened || !inspection) return;
      const subject: Subject = { ...localSubject(inspection), name: example.title, source: { kind: 'example', id } };
      const { view, pathView } = get();
      show([subject]);
      const probe = opened.probes[0]?.id ?? null;
      set({ settings: { ...get().settings, [subject.id]: { edits: editsOf(request ?? example.request), probe } } });
      // A link brings its own view; a click on the gallery starts at the layer that shows the answer.
      if (request) set({ view, pathView });
      else get().select(example.focus.layer, example.focus.side);
      if (probe !== null || Object.keys(settingsOf(get(), subject.id).edits).length > 0) await get().inspectAgain(subject.id);
      await get().run();
    },

    run: async () => {
      const subject = currentSubject(get());
      if (!subject?.inspection) return;
      stop?.abort();
      const controller = (stop = new AbortController());
      const { id, inspection } = subject;
      const settings = settingsOf(get(), id);
      // Threshold and digits are applied to what is shown, at once and without the engine: a link opens to the same numbers, error bars included.
      const request = { ...requestOf(inspection, settings), threshold: 0, digits: null };
      const before = get().results[id];
      const { expected } = get();
      const keep = (report: Report) => {
        const verified = expected !== null && report.provenance.grams !== null ? report.provenance.grams === expected : null;
        set({ results: { ...get().results, [id]: { report, request, probe: settings.probe, verified } } });
      };

      let report: Report | null = null;
      const events = batch<AnalysisEvent>((items) => {
        const progress = items.findLast((e) => e.type === 'progress');
        const next = extendReport(report ?? items.find((e) => e.type === 'started')!.report, items);
        if (next !== report) keep((report = next));
        if (progress) set({ progress });
      }, BATCH_DELAY);

      set({ running: id, progress: null, expected: null });
      try {
        const final = await client.analyze({ id, probe: settings.probe, request }, events.push, controller.signal);
        events.close();
        if (controller.signal.aborted) return;
        keep(settleReport(final, report));
        const example = exampleOf(subject);
        if (example) {
          rememberRun(example, final, environment);
          set({ lastRuns: { ...get().lastRuns, [example.id]: recallRun(example.id, environment) } });
        }
      } catch (error) {
        events.flush();
        events.close();
        if (!isAbort(error)) refuse(error, subject.name);
        const got = report as Report | null;
        if (got && got.spectra.length > 0) keep({ ...got, provenance: { ...got.provenance, partial: true } });
        else set({ results: before ? { ...get().results, [id]: before } : without(get().results, id) });
      } finally {
        if (stop === controller) {
          stop = null;
          set({ running: null, progress: null });
        }
      }
    },

    cancel: () => {
      get().stopFetching();
      if (!stop) return;
      stop.abort();
      set({ running: null, progress: null });
      get().say('Cancelled. What was finished is kept.');
    },

    inspectAgain: async (id) => {
      try {
        const { edits, probe } = settingsOf(get(), id);
        const inspection = await client.inspect(id, edits, probe);
        set({ subjects: get().subjects.map((s) => (s.id === id ? { ...s, inspection } : s)) });
      } catch (error) {
        if (!isAbort(error)) refuse(error, get().subjects.find((s) => s.id === id)?.name ?? '');
      }
    },
  };
}

/** A link carries an address where others may follow it; else it asks for the file by name. */
function localSubject(inspection: Inspection, address?: string): Subject {
  const { name, fingerprint } = inspection.checkpoint;
  const own = { name: clip(name), fingerprint, probe: null };
  return {
    id: inspection.id,
    name,
    fingerprint,
    inspection,
    source: address !== undefined && isShareable(address) ? { kind: 'remote', address, ...own } : { kind: 'local', ...own },
  };
}

let snapshots = 0;

function snapshot(report: Report): Subject {
  const { name, fingerprint } = report.checkpoint;
  return {
    id: `snapshot-${++snapshots}`,
    name,
    fingerprint,
    inspection: null,
    source: { kind: 'local', name: clip(name), fingerprint, probe: null },
  };
}

const clip = (name: string) => name.slice(0, 1000);

function without<T>(record: Record<string, T>, key: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([k]) => k !== key));
}
