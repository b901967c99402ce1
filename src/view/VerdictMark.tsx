import type { Verdict } from '../analysis/directions-schema';
import { verdictLooks } from '../figure/theme';

/** The marker that stands for a verdict in figures; its word stands beside it. */
export function VerdictMark({ verdict }: { verdict: Verdict }) {
  const shapes = {
    circle: <circle cx="5" cy="5" r="3.6" />,
    'circle-open': <circle cx="5" cy="5" r="3.6" className="open" />,
    square: <rect x="1.4" y="1.4" width="7.2" height="7.2" />,
    'square-open': <rect x="1.4" y="1.4" width="7.2" height="7.2" className="open" />,
    diamond: <path d="M5 0 10 5 5 10 0 5z" />,
  };
  return (
    <svg className={`mark verdict-${verdict.replace(' ', '-')}`} width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
      {shapes[verdictLooks[verdict].symbol]}
    </svg>
  );
}
