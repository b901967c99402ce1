import { useMemo } from 'react';
import { VERDICTS, type Direction } from '../analysis/directions-schema';
import { count } from '../figure/number';
import { shownDirections } from '../store/directions';
import { shownReport } from '../store/report';
import { useApp, useStore } from './app-context';
import { detectorTitle } from './direction-words';
import { Term } from './Term';
import { VerdictMark } from './VerdictMark';

const nothing: readonly Direction[] = [];

/** How many of each verdict, which filter at a press; detector and layer beside them. */
export function DirectionFilters() {
  const store = useStore();
  const directions = useApp((s) => shownReport(s)?.directions ?? nothing);
  const list = useApp((s) => s.view.directions);
  const filter = useApp((s) => s.view.filter);
  const shown = useApp((s) => shownDirections(s).length);
  const detectors = useMemo(() => [...new Set(directions.map((d) => d.detector))], [directions]);
  const counts = useMemo(() => {
    const of = new Map<string, number>();
    for (const d of directions) of.set(d.verdict, (of.get(d.verdict) ?? 0) + 1);
    return of;
  }, [directions]);
  const look = (changes: Partial<typeof list>) => store.getState().look({ directions: { ...list, ...changes } });
  return (
    <div className="direction-filters">
      <div className="verdicts" role="group" aria-label="Show one verdict only">
        {VERDICTS.map((verdict) => (
          <button
            key={verdict}
            className="verdict-toggle"
            data-testid={`verdict-${verdict}`}
            data-count={counts.get(verdict) ?? 0}
            aria-pressed={list.verdict === verdict}
            onClick={() => look({ verdict: list.verdict === verdict ? null : verdict })}
          >
            <VerdictMark verdict={verdict} />
            <Term name={verdict} focusable={false} />
            <span className="num">{count(counts.get(verdict) ?? 0)}</span>
          </button>
        ))}
      </div>
      <div className="filters">
        <select
          value={list.detector ?? ''}
          onChange={(e) => look({ detector: e.target.value || null })}
          aria-label="Show one detector only"
        >
          <option value="">every detector</option>
          {detectors.map((key) => (
            <option key={key} value={key}>
              {detectorTitle(key)}
            </option>
          ))}
        </select>
        <input
          type="search"
          value={filter}
          onChange={(e) => store.getState().look({ filter: e.target.value })}
          placeholder="layer"
          aria-label="Filter directions by layer, * and ? allowed"
          spellCheck={false}
        />
        <span className="muted" role="status" data-testid="directions-shown">
          {count(shown)} of {count(directions.length)}
        </span>
      </div>
    </div>
  );
}
