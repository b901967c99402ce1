import { useMemo } from 'react';
import { verdictOf } from '../analysis/slope-verdict';
import { multipleOf, type PathFit, type Slope } from '../analysis/slopes';
import { count, decimal, uncertainty } from '../figure/number';
import { sideLooks } from '../figure/theme';
import { filteredLayers, selectedLayer } from '../store/selection';
import { shownFits, shownTrajectory } from '../store/trajectory';
import { useApp, useStore } from './app-context';
import { SideMark } from './SpectrumPanel';
import { Term } from './Term';
import { useWindow } from './use-window';

const ROW = 40;

/** Slopes of every layer and side, with their intervals, and what they count. */
export function TrajectoryTable() {
  const store = useStore();
  const fits = useApp(shownFits);
  const filter = useApp((s) => s.view.filter);
  const line = useApp((s) => shownTrajectory(s)?.path === 'line');
  const chosen = useApp((s) => !!shownTrajectory(s)?.direction);
  const selected = useApp(selectedLayer);
  const rows = useMemo(() => {
    const names = new Set(filteredLayers(store.getState()).map((l) => l.name));
    return fits.filter((f) => names.has(f.layer));
  }, [store, fits, filter]);
  const { scroller, start, end, before, after } = useWindow(rows.length, ROW, { keep: rows.findIndex((f) => f.layer === selected), header: 40 });
  return (
    <section className="layer-table path-table" aria-labelledby="path-table-title">
      <h2 id="path-table-title" className="offscreen">
        Slopes of every layer
      </h2>
      <div className="table-scroll" ref={scroller}>
        <table className="numbers">
          <thead>
            <tr>
              <th scope="col">layer</th>
              <th scope="col" className="side">
                side
              </th>
              <th scope="col">points</th>
              <th scope="col">kept</th>
              <th scope="col">
                <Term name="deficit">deficit</Term>
              </th>
              <th scope="col">
                <Term name="logDetPlus" /> slope
              </th>
              <th scope="col">
                <Term name="lambdaPlusMin" /> slope
              </th>
              <th scope="col">ratio</th>
              <th scope="col" title="Eigenvalues that die after the fitted points or, where none does, fall together: what the ratio should be.">
                r
              </th>
              <th scope="col" className="note">
                note
              </th>
            </tr>
          </thead>
          <tbody>
            {before > 0 && <tr style={{ height: before }} aria-hidden="true" />}
            {rows.slice(start, end).map((fit) => (
              <Row key={`${fit.side} ${fit.layer}`} fit={fit} line={line} chosen={chosen} current={fit.layer === selected} />
            ))}
            {after > 0 && <tr style={{ height: after }} aria-hidden="true" />}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ fit, line, chosen, current }: { fit: PathFit; line: boolean; chosen: boolean; current: boolean }) {
  const store = useStore();
  const { layer, side, points, kept, deficit, volume, smallest, ratio } = fit;
  const verdict = line ? verdictOf(fit, chosen) : null;
  const r = multipleOf(fit);
  return (
    <tr data-testid={`slope-row-${layer}-${side}`} className={current ? 'kin' : undefined} onClick={() => store.getState().select(layer, side)}>
      <th scope="row">
        <button title={layer}>{layer}</button>
      </th>
      <td className="word">
        <SideMark side={side} /> {sideLooks[side].word}
      </td>
      <td>{points.length}</td>
      <td>{count(kept)}</td>
      <td data-quantity="deficit">{deficit === null ? '–' : count(deficit)}</td>
      <SlopeCell quantity="volume" slope={volume} />
      <SlopeCell quantity="smallest" slope={smallest} />
      <SlopeCell quantity="ratio" slope={ratio} />
      <td data-quantity="r">{r === 0 ? '–' : count(r)}</td>
      <td className="word note-cell" data-agrees={verdict?.agrees ?? undefined}>
        {verdict ? verdict.sentence : fit.law === 'exponential' ? 'exponential in the step' : ''}
      </td>
    </tr>
  );
}

function SlopeCell({ quantity, slope }: { quantity: string; slope: Pick<Slope, 'value' | 'halfWidth'> | null }) {
  // A layer that stands still has the slope of its roundoff.
  const still = slope !== null && Math.abs(slope.value) < 1e-9 && slope.halfWidth < 1e-9;
  return (
    <td data-quantity={quantity} data-value={slope?.value}>
      {slope === null ? '–' : still ? '0' : decimal(slope.value, 4)}
      {slope !== null && !still && <span className="uncertainty">± {uncertainty(slope.halfWidth)}</span>}
    </td>
  );
}
