import { count } from '../figure/number';
import { isNumber } from '../store/csv';

/** Rows shown; the exports have all. */
const MOST_ROWS = 200;

/** Columns that do not come from here but from the paper or its theory. */
const REFERENCE = /\b(paper|theory|expected|predicted|closed form|exact|devinterp)/i;

/** The table of an experiment. Numbers stand right, words left; the paper's columns are told apart. */
export function ExperimentTable({ table, label }: { table: readonly (readonly string[])[]; label: string }) {
  const [head, ...rows] = table;
  if (!head || rows.length === 0) return null;
  const kinds = head.map((title, c) => {
    const texts = rows.map((row) => row[c] ?? '').filter((text) => text !== '' && text !== '–');
    const numbers = texts.filter((text) => isNumber(text.replace(/^[<>≤≥~]?\s*[−]?/, '').split(/\s*[±(]/)[0]!));
    return [texts.length > 0 && numbers.length * 2 > texts.length ? 'figure' : 'word', REFERENCE.test(title) ? 'reference' : ''].join(' ').trim();
  });
  return (
    <div className="table-scroll" role="region" tabIndex={0} aria-label={label}>
      <table className="numbers experiment-table">
        <thead>
          <tr>
            {head.map((title, c) => (
              <th key={c} scope="col" className={kinds[c]}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map((row, r) => (
            <tr key={r}>
              {head.map((_, c) =>
                c === 0 ? (
                  <th key={c} scope="row" className={kinds[c]}>
                    {row[c] ?? ''}
                  </th>
                ) : (
                  <td key={c} className={kinds[c]}>
                    {row[c] ?? ''}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST_ROWS && <p className="table-empty muted">and {count(rows.length - MOST_ROWS)} more: the exports have them all.</p>}
    </div>
  );
}
