/** Results by subject, as computed; what is shown is re-read at the current threshold and digits. */
import type { AnalysisEvent } from '../analysis/events';
import { rereadSpectrum, type Cut } from '../analysis/reread';
import type { Layer, Report, Side, Spectrum } from '../analysis/report';
import type { Request } from '../analysis/request';
import { currentSubject } from './session';
import { digitsOf, requestOf, settingsOf, thresholdOf } from './settings';
import type { App } from './store';

export interface Result {
  report: Report;
  /** What was asked for; null for a snapshot, which does not say. */
  request: Request | null;
  probe: string | null;
  /** Whether its Grams have the bits of the link that it was opened by; null where there was none. */
  verified: boolean | null;
}

export interface ReportSlice {
  results: Record<string, Result>;
}

export const reportSlice = (): ReportSlice => ({ results: {} });

/** Adds what came since the last batch; returns `report` itself where nothing did. */
export function extendReport(report: Report, events: readonly AnalysisEvent[]): Report {
  let next = report;
  const spectra: Spectrum[] = [];
  const skipped: Report['skipped'] = [];
  const directions: NonNullable<Report['directions']> = [];
  for (const event of events) {
    switch (event.type) {
      case 'started':
        next = event.report;
        break;
      case 'spectrum':
        spectra.push(event.spectrum);
        break;
      case 'skipped':
        skipped.push(event.skipped);
        break;
      case 'direction':
        directions.push(event.direction);
        break;
      case 'progress':
        break;
      default:
        event satisfies never;
    }
  }
  if (spectra.length === 0 && skipped.length === 0 && directions.length === 0) return next;
  return {
    ...next,
    spectra: [...next.spectra, ...spectra],
    skipped: [...next.skipped, ...skipped],
    ...(directions.length > 0 ? { directions: [...(next.directions ?? []), ...directions] } : {}),
  };
}

/** The final report with the spectra that already came kept as the objects they are: what is drawn is not drawn again. */
export function settleReport(final: Report, streamed: Report | null): Report {
  const known = new Map(streamed?.spectra.map((s) => [`${s.tap.side} ${s.tap.layer}`, s]));
  const spectra = final.spectra.map((s) => {
    const before = known.get(`${s.tap.side} ${s.tap.layer}`);
    return before && same(before, s) ? before : s;
  });
  return { ...final, spectra };
}

function same(a: Spectrum, b: Spectrum): boolean {
  const rest = ({ eigenvalues, residuals, ...others }: Spectrum) => JSON.stringify(others);
  return equal(a.eigenvalues, b.eigenvalues) && equal(a.residuals, b.residuals) && rest(a) === rest(b);
}

function equal(a: readonly (number | null)[], b: readonly (number | null)[]): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}

let last: { raw: Report; cut: Cut; shown: Report } | null = null;
const read = new WeakMap<Spectrum, { cut: Cut; shown: Spectrum }>();

/** One spectrum at a cut; the same object comes back while neither changes, so that only what is new is drawn again. */
function readOnce(spectrum: Spectrum, cut: Cut): Spectrum {
  let entry = read.get(spectrum);
  if (!entry || !sameCut(entry.cut, cut)) read.set(spectrum, (entry = { cut, shown: rereadSpectrum(spectrum, cut) }));
  return entry.shown;
}

function sameCut(a: Cut, b: Cut): boolean {
  return a.threshold === b.threshold && a.digits === b.digits;
}

/** The report in view, read at the threshold and to the digits in view. */
export function shownReport(state: App): Report | null {
  const raw = state.current === null ? undefined : state.results[state.current]?.report;
  if (!raw) return null;
  const cut: Cut = { threshold: thresholdOf(state), digits: digitsOf(state) };
  if (last?.raw !== raw || !sameCut(last.cut, cut)) {
    last = { raw, cut, shown: { ...raw, spectra: raw.spectra.map((s) => readOnce(s, cut)) } };
  }
  return last.shown;
}

/** Layers in view: of the report, or of the inspection while there is none. */
export function layersInView(state: App): readonly Layer[] {
  return shownReport(state)?.layers ?? currentSubject(state)?.inspection?.layers ?? nothing;
}

const nothing: readonly Layer[] = [];

/** Spectra by layer name. */
export function spectraByLayer(report: Report | null): ReadonlyMap<string, readonly Spectrum[]> {
  if (!report) return new Map();
  let index = indices.get(report);
  if (!index) {
    const fresh = new Map<string, Spectrum[]>();
    for (const spectrum of report.spectra) {
      const list = fresh.get(spectrum.tap.layer);
      if (list) list.push(spectrum);
      else fresh.set(spectrum.tap.layer, [spectrum]);
    }
    indices.set(report, (index = fresh));
  }
  return index;
}

const indices = new WeakMap<Report, ReadonlyMap<string, readonly Spectrum[]>>();

/** Sides that the report has at all, in their usual order. */
export function sidesOf(report: Report | null): readonly Side[] {
  const found = new Set(report?.spectra.map((s) => s.tap.side));
  return (['activation', 'gradient', 'parameter', 'weight'] as const).filter((side) => found.has(side));
}

/** Whether the settings differ from those that the shown result was computed with. */
export function settingsChanged(state: App): boolean {
  const subject = currentSubject(state);
  const result = subject && state.results[subject.id];
  if (!subject?.inspection || !result?.request || state.running === subject.id) return false;
  const settings = settingsOf(state, subject.id);
  const wanted = requestOf(subject.inspection, settings);
  return settings.probe !== result.probe || essence(wanted) !== essence(result.request);
}

/** What matters to a computation: threshold and digits are applied afterwards. */
function essence(request: Request): string {
  const entries = Object.entries({ ...request, threshold: 0, digits: null, choices: Object.entries(request.choices).sort() });
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
