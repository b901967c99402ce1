import { lossComparison } from '../analysis/recorded-loss';
import type { ProbeSummary } from '../analysis/report';
import { shownReport } from '../store/report';
import { useApp } from './app-context';

/** What a dropped probe became, and the losses that the checkpoint records beside the one on it. */
export function ProbeFacts({ probe }: { probe: ProbeSummary }) {
  const report = useApp(shownReport);
  const compared = report ? lossComparison(report) : [];
  const { evidence = [] } = probe;
  const dropped = probe.content !== undefined;
  if (!dropped && compared.length === 0) return null;
  return (
    <div className="probe-facts" data-testid="probe-facts">
      {dropped && <p>{probe.description}</p>}
      {evidence.length > 0 && (
        <details>
          <summary>What was done to it</summary>
          <ul className="sentences">
            {evidence.map((s) => (
              <li key={s}>{s}</li>
            ))}
          </ul>
        </details>
      )}
      {compared.map((s) => (
        <p key={s}>{s}</p>
      ))}
    </div>
  );
}
