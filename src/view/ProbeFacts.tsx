import { lossComparison } from '../analysis/recorded-loss';
import { outputComparison, outputNote } from '../analysis/recorded-outputs';
import type { ProbeSummary } from '../analysis/report';
import { shownReport } from '../store/report';
import { useApp } from './app-context';

/** What a dropped probe became, and what is recorded of the network's outputs and losses beside those on it. */
export function ProbeFacts({ probe }: { probe: ProbeSummary }) {
  const shown = useApp(shownReport);
  // What is shown may be of the probe that was chosen before.
  const report = shown?.probe.content === probe.content ? shown : null;
  const outputs = report ? outputComparison(report) : [];
  const differ = report !== null && outputNote(report.probe)?.agree === false;
  const losses = report ? lossComparison(report) : [];
  const { evidence = [] } = probe;
  const dropped = probe.content !== undefined;
  if (!dropped && outputs.length + losses.length === 0) return null;
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
      {outputs.map((s) => (
        <p key={s} className={differ ? 'caution' : undefined}>
          {s}
        </p>
      ))}
      {losses.map((s) => (
        <p key={s}>{s}</p>
      ))}
    </div>
  );
}
