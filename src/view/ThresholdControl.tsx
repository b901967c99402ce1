import { useState } from 'react';
import { thresholdOf } from '../store/settings';
import { useApp, useStore } from './app-context';
import { Term } from './Term';

/** The slider runs over decades; its left end is "no cut". */
const NONE = -17;
const MOST = -1;

/** The relative cut, as a number and on a slider of decades; it applies at once. */
export function ThresholdControl() {
  const store = useStore();
  const threshold = useApp(thresholdOf);
  const [typed, setTyped] = useState<string | null>(null);
  const set = (value: number) => store.getState().setThreshold(value);
  const decade = threshold > 0 ? Math.max(NONE + 0.5, Math.log10(threshold)) : NONE;
  return (
    <div className="threshold">
      <Term name="threshold">relative cut</Term>
      <input
        type="range"
        min={NONE}
        max={MOST}
        step={0.5}
        value={decade}
        aria-label="Relative cut, in decades"
        aria-valuetext={threshold > 0 ? `${threshold.toExponential(1)} of the largest` : 'none: the floor alone'}
        onChange={(e) => {
          const at = Number(e.target.value);
          set(at <= NONE ? 0 : Number((10 ** at).toPrecision(2)));
        }}
      />
      <input
        id="threshold"
        data-testid="threshold"
        type="number"
        min={0}
        max={1}
        step="any"
        value={typed ?? threshold}
        aria-label="Relative cut: eigenvalues below this fraction of the largest count as dead"
        onChange={(e) => {
          setTyped(e.target.value);
          const value = Number(e.target.value);
          if (e.target.value !== '' && value >= 0 && value <= 1) set(value);
        }}
        onBlur={() => setTyped(null)}
        onKeyDown={(e) => e.key === 'Enter' && setTyped(null)}
      />
    </div>
  );
}
