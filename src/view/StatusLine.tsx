import { useEffect, useState } from 'react';
import { outputNote } from '../analysis/recorded-outputs';
import { duration } from '../figure/number';
import { useApp, useStore } from './app-context';
import { statusReport, statusText } from './status';

/** One line at the bottom: what happens, how far it is, how to stop it. */
export function StatusLine({ onHelp }: { onHelp: () => void }) {
  const store = useStore();
  const text = useApp(statusText);
  const progress = useApp((s) => (s.running === null ? null : s.progress));
  const running = useApp((s) => s.running !== null);
  const report = useApp(statusReport);
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
      <Announcer found={note ? `${text}, ${note.words}` : text} />
    </footer>
  );
}

/** Tells screen readers of quarters and ends, not of every step. */
function Announcer({ found }: { found: string }) {
  const words = useApp((s) => {
    if (s.running === null) return found;
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
