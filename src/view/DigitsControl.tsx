import { useState } from 'react';
import { MOST_DIGITS } from '../analysis/request';
import { digitsOf } from '../store/settings';
import { useApp, useStore } from './app-context';
import { Term } from './Term';

/** How many digits an eigenvalue above the floor must have; it applies at once. Empty = those that each spectrum was computed for. */
export function DigitsControl({ usual }: { usual: number | null }) {
  const store = useStore();
  const digits = useApp(digitsOf);
  const [typed, setTyped] = useState<string | null>(null);
  const set = (value: number | null) => store.getState().setDigits(value);
  return (
    <div className="digits">
      <Term name="digits">digits</Term>
      <input
        id="digits"
        data-testid="digits"
        type="number"
        inputMode="numeric"
        min={1}
        max={MOST_DIGITS}
        step={1}
        value={typed ?? digits ?? ''}
        placeholder={usual === null ? '' : String(usual)}
        aria-label="Digits that an eigenvalue above the floor must have; empty for the usual"
        onChange={(e) => {
          setTyped(e.target.value);
          const value = Number(e.target.value);
          if (e.target.value === '') set(null);
          else if (Number.isInteger(value) && value >= 1 && value <= MOST_DIGITS) set(value);
        }}
        onBlur={() => setTyped(null)}
        onKeyDown={(e) => e.key === 'Enter' && setTyped(null)}
      />
    </div>
  );
}
