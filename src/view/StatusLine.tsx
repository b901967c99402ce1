import { useEffect, useState } from 'react';
import type { Phase } from '../analysis/events';
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
  const fetching = useApp((s) => s.fetching !== null);
  const share = progress && progress.total > 0 ? progress.done / progress.total : null;
  return (
    <footer className="status-line">
      <p data-testid="status" data-state={running ? 'running' : 'idle'}>
        {text}
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

/** Tells screen readers of quarters and ends, not of every step. */
function Announcer() {
  const words = useApp((s) => {
    if (s.running === null) return statusText(s);
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
