import { directionsStage, selectedDirection } from '../store/directions';
import { useApp, useStore } from './app-context';
import { DirectionFilters } from './DirectionFilters';
import { DirectionPanel } from './DirectionPanel';
import { DirectionTable } from './DirectionTable';
import { GaugeAudit } from './GaugeAudit';
import { TripleCard } from './TripleCard';

/** Dead directions of the whole network: what they add up to, the list, the selected one, and the audit of every layer. */
export function DirectionsTab({ themeName }: { themeName: string }) {
  const stage = useApp(directionsStage);
  const selected = useApp(selectedDirection);
  const shown = stage === 'there' || stage === 'reading';
  return (
    <div role="tabpanel" id="panel-directions" aria-labelledby="tab-directions" className="panel directions">
      <h1 className="offscreen">Dead directions</h1>
      {shown ? (
        <>
          <TripleCard reading={stage === 'reading'} />
          <DirectionFilters />
          <DirectionTable reading={stage === 'reading'} />
          {selected && <DirectionPanel listed={selected} themeName={themeName} />}
          <GaugeAudit />
        </>
      ) : (
        <Empty possible={stage === 'unread'} />
      )}
    </div>
  );
}

function Empty({ possible }: { possible: boolean }) {
  const store = useStore();
  const running = useApp((s) => s.running !== null);
  const read = () => {
    store.getState().edit({ directions: true });
    void store.getState().run();
  };
  return (
    <section className="directions-empty" aria-labelledby="directions-empty-title">
      <h2 id="directions-empty-title">No directions have been read</h2>
      <p>
        A dead direction is a change of the weights that leaves the outputs on the probe still to first order; its order k is the
        power of the step at which they begin to move, if they ever do. Candidates of every layer will be followed along a straight
        line and along the curved path that keeps the outputs still longest, which tells a singularity (k of 2 or more) from a
        symmetry (no k at all).
      </p>
      {possible ? (
        <>
          <button className="primary" data-testid="read-directions" disabled={running} onClick={read}>
            Read directions
          </button>
          <p className="muted">
            The analysis runs again and goes on to the directions. The line below shows the time left; Esc stops, and what was
            found is kept.
          </p>
        </>
      ) : (
        <p className="muted">
          That needs a network to follow: a checkpoint of an architecture that is recognised. What is open here holds none.
        </p>
      )}
    </section>
  );
}
