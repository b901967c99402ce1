import type { AuditLine } from '../analysis/directions-schema';
import { count } from '../figure/number';
import { shownReport } from '../store/report';
import { useApp } from './app-context';
import type { TermName } from './glossary';
import { Term } from './Term';
import { useWindow } from './use-window';

const ROW = 40;
/** Pixels of the longest bar: one scale for all columns. */
const BAR = 56;
const quantities = ['found', 'expected', 'inputKernel', 'gradientKernel', 'unexplained'] as const satisfies readonly TermName[];

/** Per layer: how many dimensions move nothing at first order, and what accounts for them. */
export function GaugeAudit() {
  const audit = useApp((s) => shownReport(s)?.audit);
  const { scroller, start, end, before, after } = useWindow(audit?.length ?? 0, ROW);
  if (!audit) return null;
  const most = Math.max(1, ...audit.map((line) => line.found));
  return (
    <section className="gauge-audit" aria-labelledby="audit-title">
      <h2 id="audit-title">Gauge audit</h2>
      <p className="muted">
        Dimensions of each layer’s weights and bias that do not move the outputs at first order, and what accounts for them. The
        parts may overlap.
      </p>
      {audit.length === 0 ? (
        <p className="muted">The network is too large for its Jacobian to be held: no layer was audited.</p>
      ) : (
        <div className="table-scroll" ref={scroller} tabIndex={0} role="region" aria-label="Gauge audit of every layer">
          <table className="numbers">
            <thead>
              <tr>
                <th scope="col">layer</th>
                <th scope="col">parameters</th>
                {quantities.map((name) => (
                  <th key={name} scope="col">
                    <Term name={name} />
                  </th>
                ))}
                <th scope="col" className="note">
                  families
                </th>
              </tr>
            </thead>
            <tbody>
              {before > 0 && <tr style={{ height: before }} aria-hidden="true" />}
              {audit.slice(start, end).map((line) => (
                <AuditRow key={line.layer} line={line} most={most} />
              ))}
              {after > 0 && <tr style={{ height: after }} aria-hidden="true" />}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function AuditRow({ line, most }: { line: AuditLine; most: number }) {
  return (
    <tr data-testid={`audit-${line.layer}`}>
      <th scope="row" title={line.layer}>
        {line.layer}
      </th>
      <td>{count(line.parameters)}</td>
      {quantities.map((name) => (
        <td key={name} data-quantity={name} className={name === 'unexplained' && line.unexplained > 0 ? 'unexplained' : undefined}>
          {count(line[name])}
          {line[name] > 0 && <span className="bar" style={{ width: Math.max(1, (BAR * line[name]) / most) }} aria-hidden="true" />}
        </td>
      ))}
      <td className="word note-cell">{line.families.map((f) => `${f.family} ${count(f.dimension)}`).join(', ')}</td>
    </tr>
  );
}
