import type { ExperimentPlot } from '../analysis/experiment-record';
import { seriesLooks, type SeriesLook } from '../figure/experiment-figure';
import { count } from '../figure/number';

/** More names than these say nothing. */
const MOST_NAMES = 24;

/** Which mark is which series; nothing where there is one. */
export function ExperimentLegend({ plot }: { plot: ExperimentPlot }) {
  const { series } = plot;
  if (series.length < 2) return null;
  const looks = seriesLooks(plot);
  const names = [...new Set(series.map((s) => s.name))];
  return (
    <ul className="experiment-legend">
      {names.slice(0, MOST_NAMES).map((name) => (
        <li key={name}>
          {series.map((s, i) => (s.name === name ? <SeriesMark key={i} look={looks[i]!} /> : null))}
          <span>{name}</span>
        </li>
      ))}
      {names.length > MOST_NAMES && <li className="faint">and {count(names.length - MOST_NAMES)} more</li>}
    </ul>
  );
}

const shapes = {
  circle: 'M2 5a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z',
  square: 'M2.2 1.7h6.6v6.6h-6.6z',
  diamond: 'M5.5.5 10 5 5.5 9.5 1 5z',
  'triangle-up': 'M5.5 1 10 9h-9z',
  cross: 'M4 .8h3v2.7h2.7v3H7v2.7H4V6.5H1.3v-3H4z',
  x: 'M1.2 2.8 3.3.7 5.5 2.9 7.7.7l2.1 2.1L7.6 5l2.2 2.2-2.1 2.1-2.2-2.2-2.2 2.2-2.1-2.1L3.4 5z',
} as const;
const strokes = { solid: undefined, dash: '5 3', dot: '1.5 2.5', dashdot: '5 2.5 1.5 2.5' } as const;

function SeriesMark({ look }: { look: SeriesLook }) {
  const colour = `var(--${look.colour})`;
  return look.symbol ? (
    <svg width="11" height="10" viewBox="0 0 11 10" aria-hidden="true">
      <path d={shapes[look.symbol]} fill={colour} />
    </svg>
  ) : (
    <svg width="22" height="10" viewBox="0 0 22 10" aria-hidden="true">
      <path d="M1 5h20" stroke={colour} strokeWidth="2" strokeDasharray={strokes[look.dash]} />
    </svg>
  );
}
