import { useEffect, useRef } from 'react';
import type { ExperimentSummary } from '../analysis/experiment-record';
import { count, duration } from '../figure/number';
import { draftDiffers, orderOf, protocolWords } from '../store/experiment-draft';
import { busyWith, cardOf, type ExperimentCard as Card, type ExperimentRun } from '../store/experiments';
import { useApp, useStore } from './app-context';
import { ExperimentProtocol } from './ExperimentProtocol';
import { ExperimentResult } from './ExperimentResult';

/** `known`: this version has the experiment, so that it can be run; else only its result can be looked at. */
export function ExperimentCard({ summary, known, theme }: { summary: ExperimentSummary; known: boolean; theme: string }) {
  const store = useStore();
  const { name, title, claim } = summary;
  const card = useApp((s) => cardOf(s, name));
  const focus = useApp((s) => s.experimentFocus === name);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!focus) return;
    heading.current?.focus({ preventScroll: true });
    heading.current?.scrollIntoView({ block: 'start' });
    store.getState().experimentFocused();
  }, [focus, store]);
  return (
    <article className="experiment" data-testid={`experiment-${name}`} aria-labelledby={`experiment-${name}-title`}>
      <h2 id={`experiment-${name}-title`} ref={heading} tabIndex={-1}>
        {title.slice(0, 1).toUpperCase() + title.slice(1)} <code className="faint">{name}</code>
      </h2>
      <p className="claim">{claim}</p>
      {known && (
        <>
          <ExperimentProtocol summary={summary} card={card} />
          <RunRow summary={summary} />
        </>
      )}
      <div role="status" className={card.result || card.error !== null ? 'outcome' : undefined}>
        {card.error !== null && (
          <p className="notice failed" data-testid="experiment-error">
            {card.error}
          </p>
        )}
        {card.result && (
          <p className="summary" data-testid="experiment-summary">
            <Summary text={card.result.summary} />
          </p>
        )}
      </div>
      {card.result && <ExperimentResult record={card.result} file={card.file} theme={theme} />}
    </article>
  );
}

/** The verdict stands out; what explains it does not. */
function Summary({ text }: { text: string }) {
  const end = /[.!?](?=\s)/.exec(text);
  const at = end ? end.index + 1 : text.length;
  return (
    <>
      <strong>{text.slice(0, at)}</strong>
      {text.slice(at)}
    </>
  );
}

function RunRow({ summary }: { summary: ExperimentSummary }) {
  const store = useStore();
  const { name } = summary;
  const card = useApp((s) => cardOf(s, name));
  const run = useApp((s) => (s.experimentRun?.name === name ? s.experimentRun : null));
  const busy = useApp(busyWith);
  const fits = orderOf(summary, card) !== null;
  const waits = run ? null : busy !== null ? `Waits: ${busy}.` : fits ? null : 'A field of the protocol cannot be used.';
  // One place for what there is to say, so that nothing moves.
  const note = waits ?? noteOn(summary, card);
  return (
    <div className="experiment-run">
      {/* Not `disabled`: the focus would be lost while it runs. */}
      <button
        className="primary"
        data-testid={`run-${name}`}
        aria-disabled={run !== null || waits !== null}
        aria-describedby={note !== null && !run ? `experiment-${name}-note` : undefined}
        onClick={() => void store.getState().runExperiment(name)}
      >
        {card.result ? 'Run again' : 'Run'}
      </button>
      {run ? (
        <>
          <progress
            max={1}
            value={run.progress && run.progress.total > 0 ? run.progress.done / run.progress.total : undefined}
            aria-label={`Progress of ${name}`}
          />
          <span className="mono-small muted" data-testid="experiment-progress">
            <Progress progress={run.progress} />
          </span>
          <button className="quiet" data-testid={`cancel-${name}`} onClick={() => store.getState().cancelExperiment()}>
            Cancel <kbd>Esc</kbd>
          </button>
        </>
      ) : (
        note !== null && (
          <span className="muted" id={`experiment-${name}-note`} data-testid="experiment-note">
            {note}
          </span>
        )
      )}
      <span className="spread" />
      <button className="quiet" data-testid={`copy-${name}`} disabled={!fits} onClick={() => void store.getState().copyExperimentLink(name)} title="Copy a link to this protocol">
        Copy link
      </button>
    </div>
  );
}

function noteOn(summary: ExperimentSummary, card: Card): string | null {
  const { linked, result } = card;
  if (linked) return 'A link filled in the protocol: look at it, then press Run.';
  if (!result) return 'not run here yet';
  return draftDiffers(summary, card, result) ? `What is shown is of another protocol: ${protocolWords(result)}.` : null;
}

function Progress({ progress }: Pick<ExperimentRun, 'progress'>) {
  if (!progress) return 'starting …';
  const { done, total, secondsLeft } = progress;
  return (
    <>
      {total > 1000 ? `${Math.floor((100 * done) / total)} %` : `${count(Math.floor(done))} of ${count(Math.ceil(total))}`}
      {secondsLeft !== null && <span className="wide-only"> · {duration(Math.max(0.1, secondsLeft))} left</span>}
    </>
  );
}
