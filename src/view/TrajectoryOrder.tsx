import { useState } from 'react';
import { referenceName, type Run } from '../store/trajectory';
import { useApp, useStore } from './app-context';

/** The order of the checkpoints: open where it has to be asked for, folded where names or files say it. */
export function TrajectoryOrder({ run }: { run: Run }) {
  const store = useStore();
  const reference = useApp((s) => referenceName(s, run));
  const { moveMember, measureTo, confirmOrder } = store.getState();
  const words = { metadata: 'by the step that each file records', names: 'by the step in their names', person: 'by hand' } as const;
  return (
    <details className="path-order" open={run.by === null || undefined}>
      <summary>{run.by === null ? 'In which order were they saved?' : `Ordered ${words[run.by]}`}</summary>
      {run.by === null && (
        <p>
          {run.reason} Move them into order (Alt with ↑ and ↓), or type the step of each.{' '}
          <button className="primary" data-testid="confirm-order" onClick={confirmOrder}>
            This is the order
          </button>
        </p>
      )}
      <ol>
        {run.members.map(({ subject, step }, i) => (
          <li
            key={subject.id}
            onKeyDown={(event) => {
              const by = event.altKey ? { ArrowUp: -1, ArrowDown: 1 }[event.key] : undefined;
              if (!by) return;
              event.preventDefault();
              moveMember(subject.id, by);
            }}
          >
            <StepField id={subject.id} name={subject.name} step={step} />
            <button className="quiet name" title={`Look at ${subject.name}`} onClick={() => store.getState().choose(subject.id)}>
              {subject.name}
            </button>
            <button className="quiet icon" disabled={i === 0} aria-label={`Earlier: ${subject.name}`} onClick={() => moveMember(subject.id, -1)}>
              ↑
            </button>
            <button className="quiet icon" disabled={i === run.members.length - 1} aria-label={`Later: ${subject.name}`} onClick={() => moveMember(subject.id, 1)}>
              ↓
            </button>
            <label className="faint">
              <input type="radio" name="reference" checked={subject.inspection!.checkpoint.name === reference} onChange={() => measureTo(subject.id)} /> distance to this one
            </label>
          </li>
        ))}
      </ol>
    </details>
  );
}

/** A step is taken when the field is left, so that half a number orders nothing. */
function StepField({ id, name, step }: { id: string; name: string; step: number | null }) {
  const store = useStore();
  const [typed, setTyped] = useState<string | null>(null);
  const take = () => {
    if (typed === null) return;
    const value = typed.trim() === '' ? null : Number(typed);
    if (value === null || (Number.isFinite(value) && value >= 0)) {
      store.getState().setStep(id, value);
      store.getState().confirmOrder();
    }
    setTyped(null);
  };
  return (
    <input
      type="number"
      min={0}
      step="any"
      placeholder="step"
      aria-label={`Step of ${name}`}
      value={typed ?? step ?? ''}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={take}
      onKeyDown={(event) => event.key === 'Enter' && take()}
    />
  );
}
