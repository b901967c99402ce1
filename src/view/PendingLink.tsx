import { destinationsOf } from '../analysis/remote';
import { sideLooks } from '../figure/theme';
import { count } from '../figure/number';
import { useApp, useStore } from './app-context';
import { DropZone } from './Landing';
import { Numeral } from './Numeral';
import { Term } from './Term';

/** A link to a file that is not here: asks for it, or for leave to fetch it, and shows the numbers that came with the link. */
export function PendingLink() {
  const store = useStore();
  const pending = useApp((s) => s.pending);
  const busy = useApp((s) => s.fetching !== null);
  if (!pending) return null;
  const { source, digest, request, view } = pending.link;
  const missing = pending.found ? source.probe! : source;
  const remote = source.kind === 'remote' && !pending.found ? destinationsOf(source.address)[0]! : null;
  return (
    <main id="main" className="landing pending" tabIndex={-1}>
      <h1>{remote ? 'This link needs a file from elsewhere' : 'This link needs a file of yours'}</h1>
      <p className="lead">
        {remote && (
          <>
            Let this page fetch <code>{remote.address}</code> from <strong>{remote.host}</strong>, or drop it:{' '}
          </>
        )}
        {pending.found ? 'The checkpoint is here. Now drop the probe' : remote ? 'the file' : 'Drop the file'} <strong>{missing.name}</strong>{' '}
        (fingerprint <code>{missing.fingerprint}</code>)
        {!pending.found && source.probe && (
          <>
            {' '}
            and its probe <strong>{source.probe.name}</strong> (<code>{source.probe.fingerprint}</code>)
          </>
        )}{' '}
        and the view is restored. The link holds no weights.
      </p>
      {remote && (
        <section className="consent" aria-label="Fetch the file">
          <p>
            Nothing has been fetched yet. That server would learn your network address and which file you read, and may send on to
            another. Go on only if you trust who sent you the link.
          </p>
          <button className="primary" data-testid="fetch-pending" disabled={busy} onClick={() => void store.getState().fetchPending()}>
            Fetch from {remote.host}
          </button>
        </section>
      )}
      {pending.strangers.length > 0 && (
        <div className="notice" role="alert">
          {pending.strangers.map((s) => (
            <p key={s.id}>
              <strong>{s.name}</strong> is another file: its fingerprint is <code>{s.fingerprint}</code>.{' '}
              <button className="textual" onClick={() => store.getState().adopt(s)}>
                Analyse it as new
              </button>
            </p>
          ))}
        </div>
      )}
      <DropZone title={`Drop ${missing.name}`} />
      {digest.length > 0 && (
        <section aria-labelledby="digest-title">
          <h2 id="digest-title">Numbers from the link, not computed here</h2>
          <div className="table-scroll">
            <table className="numbers">
              <thead>
                <tr>
                  <th scope="col">layer</th>
                  <th scope="col" className="side">
                    side
                  </th>
                  <th scope="col">
                    <Term name="width" />
                  </th>
                  <th scope="col">
                    <Term name="rank" />
                  </th>
                  <th scope="col">
                    <Term name="lambdaMax" />
                  </th>
                  <th scope="col">
                    <Term name="lambdaPlusMin" />
                  </th>
                  <th scope="col">
                    <Term name="logDetPlus" />
                  </th>
                </tr>
              </thead>
              <tbody>
                {digest.map((row, i) => (
                  <tr key={i} data-testid={`digest-row-${row.layer}-${row.side}`} aria-selected={row.layer === view.layer}>
                    <th scope="row">{row.layer}</th>
                    <td className="word">{sideLooks[row.side].word}</td>
                    <td>{count(row.dimension)}</td>
                    <td>{row.rank === null ? '–' : count(row.rank)}</td>
                    <td>{row.lambdaMax === null ? '–' : <Numeral value={row.lambdaMax} kind="scientific" />}</td>
                    <td>{row.lambdaPlusMin === null ? '–' : <Numeral value={row.lambdaPlusMin} kind="scientific" />}</td>
                    <td>{row.logDetPlus === null ? '–' : <Numeral value={row.logDetPlus} kind="decimal" digits={5} />}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
      <p className="muted">
        It asks for seed {request.seed}
        {request.samples !== null && `, N = ${count(request.samples)}`}
        {request.loss && `, loss ${request.loss}`}
        {request.fisher && `, Fisher ${request.fisher}`}.{' '}
        <button className="textual" onClick={() => store.getState().closePending()}>
          Leave the link
        </button>
      </p>
    </main>
  );
}
