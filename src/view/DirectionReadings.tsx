import type { ReactNode } from 'react';
import type { Direction } from '../analysis/directions-schema';
import { decimal, scientific } from '../figure/number';
import { lineOrderOf, magnitudeOf, orderOf } from '../store/directions';
import { coefficientText, detectorTitle, orderSentence, orderText } from './direction-words';
import { glossary, type TermName } from './glossary';
import { Term } from './Term';
import { VerdictMark } from './VerdictMark';

/** The selected direction in numbers and in words. */
export function DirectionReadings({ direction }: { direction: Direction }) {
  const { verdict, sweep, note, evidence } = direction;
  const magnitude = magnitudeOf(direction);
  const words = {
    survives: 'of a generic coefficient survives at its order',
    left: 'of a generic coefficient is left, at most',
    open: 'of a generic coefficient is left where reading ended',
  };
  return (
    <aside className="right" aria-label="Readings of the selected direction" data-testid="direction-readings">
      <h2>
        Direction <span className="of">{direction.layer}</span>
      </h2>
      <p>
        {detectorTitle(direction.detector)}
        {note && <span className="muted">: {note}</span>}
      </p>
      <p className="verdict-line" data-testid="direction-verdict">
        <VerdictMark verdict={verdict} /> <Term name={verdict}>{verdict}</Term>
      </p>
      <dl className="readings">
        <Line name="order" reason={direction.order === null && verdict !== 'unresolved' ? 'flat: no order' : ''}>
          {orderText(orderOf(direction))}
        </Line>
        <Line name="lineOrder">{orderText(lineOrderOf(direction))}</Line>
        <Line name="coefficient">{coefficientText(direction)}</Line>
        <Line name="magnitude" reason={magnitude ? words[magnitude.kind] : ''}>
          {magnitude ? scientific(magnitude.value, 3) : '–'}
        </Line>
        {sweep && (
          <>
            <Line
              name="slope"
              reason={sweep.interval ? `${decimal(sweep.interval[0], 4)} to ${decimal(sweep.interval[1], 4)}, 95 %` : 'no window above the floor'}
            >
              {sweep.slope === null ? '–' : decimal(sweep.slope, 5)}
            </Line>
            {sweep.window && (
              <Line name="fitWindow">
                {scientific(sweep.window[0], 2)} to {scientific(sweep.window[1], 2)}
              </Line>
            )}
            <Line name="divergence" reason="order of F_u and KL together, without a fit">
              {sweep.estimate === null ? '–' : decimal(sweep.estimate, 5)}
            </Line>
            <Line name="floor" reason="of the directional Fisher">
              {scientific(sweep.floor, 2)}
            </Line>
          </>
        )}
      </dl>
      <h2>In one sentence</h2>
      <p data-testid="direction-evidence">{evidence}</p>
      <h2>Line and arc</h2>
      <p>{orderSentence(direction)}</p>
      <p className="faint method">{glossary[verdict].definition}</p>
    </aside>
  );
}

function Line({ name, reason = '', children }: { name: TermName; reason?: string; children: ReactNode }) {
  return (
    <div data-testid={`direction-${name}`}>
      <dt>
        <Term name={name} />
      </dt>
      <dd className="num">{children}</dd>
      <dd className="reason">{reason}</dd>
    </div>
  );
}
