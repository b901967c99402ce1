/** The line at the bottom in words: what happens, else what was found. */
import type { Phase } from '../analysis/events';
import type { Report } from '../analysis/report';
import { bytes, count, counted, duration } from '../figure/number';
import { shownReport } from '../store/report';
import type { App } from '../store/store';

const phases: Record<Phase, string> = {
  read: 'reading tensors',
  forward: 'running the network',
  gram: 'building Grams',
  eigen: 'solving spectra',
  directions: 'reading directions',
};

export function statusText(state: App): string {
  return activity(state) ?? found(shownReport(state));
}

/** The report that the line is about; null while something else happens. */
export function statusReport(state: App): Report | null {
  return activity(state) === null ? shownReport(state) : null;
}

function activity(state: App): string | null {
  const what = state.fetching?.what;
  if (what) {
    const size = what.size === null ? 'a file of unknown size' : bytes(what.size);
    return what.whole ? `fetching all of ${what.name} (${size}) from ${what.host}, which gives no parts …` : `reading the head of ${what.name} (${size}) from ${what.host} …`;
  }
  if (state.opening !== null) return `opening ${state.opening} …`;
  if (state.running !== null) {
    const { progress } = state;
    return progress ? `${phases[progress.phase]}${progress.layer ? ` · ${progress.layer}` : ''}` : 'starting …';
  }
  if (state.experimentRun !== null) return `running the experiment ${state.experimentRun.name} …`;
  if (state.llcRun !== null) return 'sampling the LLC …';
  return null;
}

function found(report: Report | null): string {
  if (!report) return 'ready';
  const { partial, seconds } = report.provenance;
  const directions = report.directions ? ` and ${counted(report.directions.length, 'direction')}` : '';
  const spectra = `${count(report.spectra.length)} spectra of ${count(report.layers.length)} layers${directions}`;
  return partial ? `stopped: ${spectra} are complete` : `${spectra} in ${duration(seconds)}`;
}
