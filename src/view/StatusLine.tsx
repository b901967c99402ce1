import { useEffect, useState } from 'react';
import type { Phase } from '../analysis/events';
import { outputNote } from '../analysis/recorded-outputs';
import type { Report } from '../analysis/report';
import { bytes, count, counted, duration } from '../figure/number';
import { shownReport } from '../store/report';
import type { App } from '../store/store';
import { useApp, useStore } from './app-context';

const phases: Record<Phase, string> = {
  read: 'reading tensors',
  forward: 'running the network',
  gram: 'building Grams',
  eigen: 'solving spectra',
  directions: 'reading directions',
};

/** One line at the bottom: what happens, how far it is, how to stop it. */
export function StatusLine({ onHelp }: { onHelp: () => void }) {
  const store = useStore();
  const text = useApp(statusText);
  const progress = useApp((s) => (s.running === null ? null : s.progress));
  const running = useApp((s) => s.running !== null);
  const report = useApp((s) => (s.running === null ? shownReport(s) : null));
  const note = report && outputNote(report.probe);
  const fetching = useApp((s) => s.fetching !== null);
  const share = progress && progress.total > 0 ? progress.done / progress.total : null;
  return (
    <footer className="status-line">
      <p data-testid="status" data-state={running ? 'running' : 'idle'}>
        {text}
        {note && <span className={note.agree ? undefined : 'caution'}> · {note.words}</span>}
      </p>
      {running && (
        <>
          <progress value={share ?? undefined} max={1} aria-label="Progress of the analysis" />
          {progress && (
            <p className="mono-small">
              {progress.done} of {progress.total}
              {progress.secondsLeft !== null && ` · ${duration(Math.max(0.1, progress.secondsLeft))} left`}
            </p>
          )}
        </>
      )}
      <span className="spread" />
      {(running || fetching) && (
        <button className="quiet" data-testid="cancel" onClick={() => store.getState().cancel()}>
          Cancel <kbd>Esc</kbd>
        </button>
      )}
      <button className="quiet wide-only" onClick={onHelp}>
        <kbd>?</kbd> shortcuts
      </button>
      <Announcer />
    </footer>
  );
}

function statusText(state: App): string {
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
  const report = shownReport(state);
  if (!report) return 'ready';
  const { partial, seconds } = report.provenance;
  const directions = report.directions ? ` and ${counted(report.directions.length, 'direction')}` : '';
  const found = `${count(report.spectra.length)} spectra of ${count(report.layers.length)} layers${directions}`;
  return partial ? `stopped: ${found} are complete` : `${found} in ${duration(seconds)}`;
}

function wordsOf(report: Report | null): string | undefined {
  return (report && outputNote(report.probe))?.words;
}

/** Tells screen readers of quarters and ends, not of every step. */
function Announcer() {
  const words = useApp((s) => {
    if (s.running === null) return [statusText(s), wordsOf(shownReport(s))].filter(Boolean).join(', ');
    const share = s.progress && s.progress.total > 0 ? Math.floor((4 * s.progress.done) / s.progress.total) / 4 : 0;
    return share > 0 ? `${share * 100} percent` : 'Analysis started';
  });
  const [said, say] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => say(words), 400);
    return () => clearTimeout(timer);
  }, [words]);
  return (
    <span className="offscreen" aria-live="polite">
      {said}
    </span>
  );
}
