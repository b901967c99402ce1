import { useMemo, useState } from 'react';
import type { TensorLine } from '../analysis/report';
import { count } from '../figure/number';
import { useWindow } from './use-window';

const ROW = 28;
const statuses: readonly TensorLine['status'][] = ['analysed', 'used', 'buffer', 'unused', 'excluded', 'unsupported'];

/** Every tensor of the checkpoint with what became of it; only the rows in sight are rendered. */
export function TensorTable({ tensors, total }: { tensors: readonly TensorLine[]; total: number }) {
  const [text, setText] = useState('');
  const [status, setStatus] = useState('');
  const rows = useMemo(
    () =>
      tensors.filter(
        (t) => (status === '' || t.status === status) && (text === '' || t.name.includes(text) || t.reason?.includes(text)),
      ),
    [tensors, text, status],
  );
  const { scroller, start, end, before, after } = useWindow(rows.length, ROW);
  return (
    <>
      <div className="filters">
        <input
          type="search"
          value={text}
          onChange={(e) => setText(e.target.value)}
          placeholder="name or reason"
          aria-label="Filter tensors by name or reason"
          spellCheck={false}
        />
        <select value={status} onChange={(e) => setStatus(e.target.value)} aria-label="Filter tensors by what became of them">
          <option value="">every status</option>
          {statuses
            .filter((s) => tensors.some((t) => t.status === s))
            .map((s) => (
              <option key={s}>{s}</option>
            ))}
        </select>
        <span className="muted" role="status">
          {count(rows.length)} of {count(total)}
        </span>
      </div>
      <div className="table-scroll tensors" ref={scroller} tabIndex={0} role="region" aria-label="Tensors">
        <table className="numbers">
          <thead>
            <tr>
              <th scope="col">tensor</th>
              <th scope="col">dtype</th>
              <th scope="col">shape</th>
              <th scope="col">status</th>
              <th scope="col">reason</th>
            </tr>
          </thead>
          <tbody>
            {before > 0 && <tr style={{ height: before }} aria-hidden="true" />}
            {rows.slice(start, end).map((t, i) => (
              <tr key={start + i}>
                <th scope="row" title={t.name}>
                  {t.name}
                </th>
                <td className="word">{t.dtype}</td>
                <td className="word">{t.shape.length === 0 ? 'scalar' : t.shape.join(' × ')}</td>
                <td className="word">{t.status}</td>
                <td className="word reason" title={t.reason ?? undefined}>
                  {t.reason}
                </td>
              </tr>
            ))}
            {after > 0 && <tr style={{ height: after }} aria-hidden="true" />}
          </tbody>
        </table>
      </div>
    </>
  );
}
