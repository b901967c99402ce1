import type { ReactNode } from 'react';
import type { Direction } from '../analysis/directions-schema';
import { decimal, scientific } from '../figure/number';
import { lineOrderOf, magnitudeOf, orderOf } from '../store/directions';
import { coefficientText, orderSentence, orderText } from './direction-words';
import { glossary, type TermName } from './glossary';
import { Term } from './Term';
import { VerdictMark } from './VerdictMark';

/** The selected direction in numbers and in words. */
export function DirectionReadings({ direction }: { direction: Direction }) {
  const { verdict, sweep } = direction;
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
      <p className="verdict-line" data-testid="direction-verdict">
        <VerdictMark verdict={verdict} /> <Term name={verdict}>{verdict}</Term>
      </p>
      <dl className="readings">
        <Line name="order" words="order k" reason={direction.order === null && verdict !== 'unresolved' ? 'flat: no order' : ''}>
          {orderText(orderOf(direction))}
        </Line>
        <Line name="lineOrder" words="order on the line">{orderText(lineOrderOf(direction))}</Line>
        <Line name="coefficient">{coefficientText(direction)}</Line>
        <Line name="magnitude" reason={magnitude ? words[magnitude.kind] : ''}>
          {magnitude ? scientific(magnitude.value, 3) : '–'}
        </Line>
        {sweep && (
          <>
            <Line
              name="slope"
              reason={
                sweep.interval
                  ? `${decimal(sweep.interval[0], 4)} to ${decimal(sweep.interval[1], 4)}, 95 %`
                  : 'no window above the floor'
              }
            >
              {sweep.slope === null ? '–' : decimal(sweep.slope, 5)}
            </Line>
            {sweep.window && (
              <Line name="fitWindow">
                {scientific(sweep.window[0], 2)} to {scientific(sweep.window[1], 2)}
              </Line>
            )}
            <Line name="divergence" words="k without a fit" reason="of the directional Fisher and the divergence together">
              {sweep.estimate === null ? '–' : decimal(sweep.estimate, 5)}
            </Line>
            <Line name="floor" reason="of the directional Fisher">
              {scientific(sweep.floor, 2)}
            </Line>
          </>
        )}
      </dl>
      <h2>Line and arc</h2>
      <p>{orderSentence(direction)}</p>
      <p className="faint method">{glossary[verdict].definition}</p>
    </aside>
  );
}

function Line({ name, words, reason = '', children }: { name: TermName; words?: string; reason?: string; children: ReactNode }) {
  return (
    <div data-testid={`direction-${name}`}>
      <dt>
        <Term name={name}>{words}</Term>
      </dt>
      <dd className="num">{children}</dd>
      <dd className="reason">{reason}</dd>
    </div>
  );
}
