import type { Refusal } from '../store/session';
import { useApp, useStore } from './app-context';

/** Sentences often begin with the file's name, which stands before them here. */
function withoutName({ where, message }: Refusal): string {
  const opening = `${where}: `;
  return where && message.startsWith(opening) ? message.slice(opening.length) : message;
}

/** What could not be used, in sentences; everything else goes on. */
export function Refusals() {
  const store = useStore();
  const refusals = useApp((s) => s.refusals);
  return (
    <div role="alert" className="refusals" hidden={refusals.length === 0}>
      {refusals.length > 0 && (
        <>
          <ul>
            {refusals.map((r) => (
              <li key={r.id} data-testid="refusal">
                <p>
                  {r.where && <strong>{r.where}</strong>} {withoutName(r)}
                </p>
                <button
                  className="quiet"
                  onClick={() => store.getState().dismissRefusal(r.id)}
                  aria-label={`Dismiss: ${r.where || r.message}`}
                >
                  Dismiss
                </button>
              </li>
            ))}
          </ul>
          {refusals.length > 1 && (
            <button className="quiet all" onClick={() => store.getState().dismissRefusals()}>
              Dismiss all {refusals.length}
            </button>
          )}
        </>
      )}
    </div>
  );
}
