import { shownTrajectory } from '../store/trajectory';
import { useApp, useStore } from './app-context';

/** First and last point of the fits, for keyboards and for fine work; dragging in the plot does the same. */
export function WindowSliders({ shown }: { shown: readonly [number, number] | null }) {
  const store = useStore();
  const points = useApp((s) => shownTrajectory(s)!.points);
  const chosen = useApp((s) => s.pathView.window);
  const { lookAlong } = store.getState();
  const last = points.length - 1;
  const [from, to] = chosen ?? shown ?? [0, last];
  // A slope needs three points.
  const span = Math.min(2, last);
  const set = (a: number, b: number) => lookAlong({ window: [Math.max(0, Math.min(a, last - span)), Math.min(last, Math.max(b, a + span))] });
  return (
    <div className="threshold path-window" role="group" aria-label="Points of the fit">
      <span>fitted</span>
      <input
        type="range"
        min={0}
        max={last}
        value={from}
        data-testid="window-from"
        aria-label="First point of the fit"
        aria-valuetext={points[from]?.name}
        onChange={(e) => set(Number(e.target.value), Math.max(to, Number(e.target.value) + span))}
      />
      <input
        type="range"
        min={0}
        max={last}
        value={to}
        data-testid="window-to"
        aria-label="Last point of the fit"
        aria-valuetext={points[to]?.name}
        onChange={(e) => set(Math.min(from, Number(e.target.value) - span), Number(e.target.value))}
      />
      <span className="num">
        {from + 1}–{to + 1}
      </span>
      {chosen && (
        <button className="quiet" onClick={() => lookAlong({ window: null })}>
          Automatic
        </button>
      )}
    </div>
  );
}
