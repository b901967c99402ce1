import type { ReactNode } from 'react';
import type { View } from '../analysis/link';
import type { TermName } from './glossary';
import { Term } from './Term';

type Sort = View['sort'];

/** A column's head: the term it stands for, a title of its own, or both. */
export interface Heading {
  key: string;
  title?: ReactNode;
  term?: TermName;
}

/** Sorts by its column: up, down, and back to the order in which the rows came. */
export function SortableHead({ column, sort, onSort }: { column: Heading; sort: Sort; onSort: (sort: Sort) => void }) {
  const active = sort?.key === column.key ? sort : null;
  const next = !active ? { key: column.key, descending: false } : active.descending ? null : { key: column.key, descending: true };
  const button = (
    <button onClick={() => onSort(next)}>
      {column.title ?? <Term name={column.term!} focusable={false} />}
      <span className="arrow" aria-hidden="true">
        {active ? (active.descending ? '↓' : '↑') : ''}
      </span>
    </button>
  );
  return (
    <th scope="col" className={column.key} aria-sort={active ? (active.descending ? 'descending' : 'ascending') : undefined}>
      {column.term && column.title ? (
        <Term name={column.term} focusable={false}>
          {button}
        </Term>
      ) : (
        button
      )}
    </th>
  );
}
