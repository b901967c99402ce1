import { useMemo } from 'react';
import { obstructionFigure } from '../figure/obstruction-figure';
import { slopeWords, sweepFigure } from '../figure/sweep-figure';
import type { Listed } from '../store/directions';
import { currentSubject } from '../store/session';
import { useApp, useStore } from './app-context';
import { detectorTitle, orderSentence } from './direction-words';
import Plot from './Plot';
import { Term } from './Term';
import { readTheme } from './use-theme';
import { VerdictMark } from './VerdictMark';

const narrow = matchMedia('(max-width: 1240px)');

/** The selected direction: its evidence, its sweep, and its obstructions by order. */
export function DirectionPanel({ listed: { index, direction }, themeName }: { listed: Listed; themeName: string }) {
  const { sweep, obstructions, verdict } = direction;
  // The theme's tokens are read from the document: its name stands for them.
  const line = useMemo(
    () => sweep && sweepFigure({ direction: { verdict, sweep }, theme: readTheme(), narrow: narrow.matches }),
    [sweep, verdict, themeName],
  );
  const orders = useMemo(
    () => (obstructions.length > 0 ? obstructionFigure({ direction, theme: readTheme() }) : null),
    [direction, themeName],
  );
  const title = detectorTitle(direction.detector);
  const name = `${title} of ${direction.layer}`;
  return (
    <section className="direction-panel" aria-labelledby="direction-title">
      <h2 id="direction-title">
        {direction.layer} · {title}
        {direction.note && `, ${direction.note}`}
      </h2>
      <p data-testid="direction-evidence">{direction.evidence}</p>
      <SlopeButton index={index} />
      <div className="direction-plots">
        <div>
          <div className="plot-head">
            <h3>
              <Term name="directionalFisher">Directional Fisher</Term>
            </h3>
            <span className="muted caption">
              <VerdictMark verdict={verdict} /> {sweep?.window && 'fitted between the upright lines; '}dotted: <Term name="divergence" />
            </span>
          </div>
          <div className="plot-box">
            {line ? (
              <Plot figure={line} className="plot" label={`Directional Fisher against the step, ${name}: ${slopeWords(sweep!)}.`} />
            ) : (
              <p className="plot-empty muted">There is no sweep of this direction.</p>
            )}
          </div>
        </div>
        <div>
          <div className="plot-head">
            <h3>
              <Term name="obstruction">Obstruction by order</Term>
            </h3>
            <span className="muted caption">
              <LineMark /> line <VerdictMark verdict={verdict} /> arc
            </span>
          </div>
          <div className="plot-box">
            {orders ? (
              <Plot figure={orders} className="plot" label={`Obstruction sizes by order, ${name}. ${orderSentence(direction)}`} />
            ) : (
              <p className="plot-empty muted">Nothing was followed here.</p>
            )}
          </div>
        </div>
      </div>
    </section>
  );
}

/** A report without its weights has no line to go along. */
function SlopeButton({ index }: { index: number }) {
  const store = useStore();
  const open = useApp((s) => !!currentSubject(s)?.inspection);
  const busy = useApp((s) => s.running !== null || s.tracing !== null);
  if (!open) return null;
  return (
    <button
      className="textual direction-slope"
      data-testid="slope-along"
      disabled={busy}
      title="Readings at w + εu along this direction u: what rises, how fast, and how many that counts"
      onClick={() => void store.getState().slopeAlong(index)}
    >
      Slope along this direction
    </button>
  );
}

function LineMark() {
  return (
    <svg className="mark" width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
      <path d="M5 1 9.5 9h-9z" fill="var(--muted)" />
    </svg>
  );
}
