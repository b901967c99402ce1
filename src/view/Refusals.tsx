import { useApp, useStore } from './app-context';

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
                  {r.where && <strong>{r.where}</strong>} {r.message}
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
