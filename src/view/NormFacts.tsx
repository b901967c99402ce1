import { normsLine } from '../analysis/norm-words';
import type { NormReading } from '../analysis/report';
import { count, decimal } from '../figure/number';

/** Rows that are listed; a network of more blocks than that repeats itself. */
const MOST = 400;

/** The norms of a network, read from their parameters alone: one line, and each of them on demand. */
export function NormFacts({ norms }: { norms: readonly NormReading[] }) {
  if (norms.length === 0) return null;
  const degenerate = norms.some(({ nearlyZero }) => nearlyZero > 0);
  return (
    <details className="norms" data-testid="norms">
      <summary>{normsLine(norms)}</summary>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Norms">
        <table className="numbers">
          <thead>
            <tr>
              <th scope="col">norm</th>
              <th scope="col">kernel</th>
              <th scope="col" title="largest over smallest absolute γ">
                ratio
              </th>
              {degenerate && (
                <th scope="col" title="γ under 1e-4 of the largest: there γ⁻¹ is that coordinate alone">
                  near 0
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {norms.slice(0, MOST).map((norm) => (
              <tr key={norm.layer}>
                <th scope="row" title={`${norm.layer}: ${norm.kind === 'layer-norm' ? 'LayerNorm' : 'RMSNorm'} of width ${count(norm.width)}`}>
                  {norm.layer}
                </th>
                <td>{norm.kernel ? (norm.folded ? '1, folded' : 'γ⁻¹') : 'none'}</td>
                <td className="num">{norm.condition === null ? '∞' : decimal(norm.condition, 3)}</td>
                {degenerate && <td className="num">{count(norm.nearlyZero)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {norms.length > MOST && <p className="muted">and {count(norms.length - MOST)} more</p>}
    </details>
  );
}
