import { memo, useEffect, useRef, type KeyboardEvent } from 'react';
import type { Direction } from '../analysis/directions-schema';
import type { View } from '../analysis/link';
import type { Report } from '../analysis/report';
import { lineOrderOf, magnitudeOf, orderOf, selectedDirection, shownDirections } from '../store/directions';
import { shownReport } from '../store/report';
import { useApp, useStore } from './app-context';
import { coefficientText, detectorTitle, orderText } from './direction-words';
import { Numeral } from './Numeral';
import { SortableHead, type Heading } from './SortableHead';
import { useWindow } from './use-window';
import { VerdictMark } from './VerdictMark';

const ROW = 40;
const HEAD = 34;
/** Rows that Page Up and Page Down pass. */
const PAGE = 7;

const columns: readonly Heading[] = [
  { key: 'layer', title: 'layer' },
  { key: 'detector', term: 'detector' },
  { key: 'lineOrder', term: 'lineOrder' },
  { key: 'order', term: 'order' },
  { key: 'coefficient', term: 'coefficient' },
  { key: 'verdict', title: 'verdict' },
  { key: 'magnitude', term: 'magnitude' },
  { key: 'evidence', title: 'evidence' },
];

type Sort = View['directions']['sort'];

/** Every direction that the filters leave; only the rows in sight are rendered. */
export function DirectionTable({ reading }: { reading: boolean }) {
  const store = useStore();
  const rows = useApp(shownDirections);
  const selected = useApp(selectedDirection);
  const list = useApp((s) => s.view.directions);
  const empty = useApp((s) => (rows.length === 0 ? emptyWords(shownReport(s), reading) : ''));
  const at = selected ? rows.indexOf(selected) : -1;
  const { scroller, start, end, before, after } = useWindow(rows.length, ROW, { keep: at, header: HEAD });

  // The selected row may have to be scrolled to and rendered first: the focus follows when it is there.
  const moved = useRef(false);
  useEffect(() => {
    const row = moved.current && selected ? document.getElementById(rowId(selected.index)) : null;
    if (!row) return;
    moved.current = false;
    row.focus({ preventScroll: true });
  });

  const move = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE, Home: -rows.length, End: rows.length }[event.key];
    if (!step || !(event.target instanceof HTMLElement) || !event.target.matches('tbody tr')) return;
    event.preventDefault();
    store.getState().stepDirection(step);
    moved.current = true;
  };
  const sortBy = (sort: Sort) => store.getState().look({ directions: { ...list, sort } });

  return (
    <section className="direction-table" aria-labelledby="direction-table-title">
      <h2 id="direction-table-title" className="offscreen">
        Directions
      </h2>
      <div className={`table-scroll${reading ? ' filling' : ''}`} ref={scroller} aria-busy={reading}>
        <table className="numbers" role="grid" aria-labelledby="direction-table-title" aria-rowcount={rows.length + 1}>
          <thead>
            <tr aria-rowindex={1}>
              {columns.map((column) => (
                <SortableHead key={column.key} column={column} sort={list.sort} onSort={sortBy} />
              ))}
            </tr>
          </thead>
          <tbody onKeyDown={move}>
            {before > 0 && <tr style={{ height: before }} aria-hidden="true" />}
            {rows.slice(start, end).map(({ index, direction }, i) => (
              <Row key={index} index={index} direction={direction} place={start + i} current={start + i === at} />
            ))}
            {after > 0 && <tr style={{ height: after }} aria-hidden="true" />}
          </tbody>
        </table>
        {empty && <p className="muted table-empty">{empty}</p>}
      </div>
    </section>
  );
}

function emptyWords(report: Report | null, reading: boolean): string {
  if ((report?.directions?.length ?? 0) > 0) return 'No direction passes these filters.';
  if (reading) return 'Rows appear here as directions are read.';
  const { triple } = report ?? {};
  // Where nothing could be followed at all there is not even a bound.
  return triple?.lambda === null && triple.bounds === null
    ? 'No direction was read: the reason stands above.'
    : 'No detector found a dead direction in this network.';
}

interface RowProps {
  index: number;
  direction: Direction;
  place: number;
  current: boolean;
}

const Row = memo(function Row({ index, direction: d, place, current }: RowProps) {
  const store = useStore();
  const magnitude = magnitudeOf(d);
  return (
    <tr
      id={rowId(index)}
      data-testid={`direction-${index}`}
      data-verdict={d.verdict}
      aria-rowindex={place + 2}
      aria-selected={current}
      tabIndex={current ? 0 : -1}
      onClick={() => store.getState().selectDirection(index)}
    >
      <th scope="row" title={d.layer}>
        {d.layer}
      </th>
      <td className="word" title={d.note ?? undefined}>
        {detectorTitle(d.detector)}
        {d.note && <span className="second faint">{d.note}</span>}
      </td>
      <td data-quantity="lineOrder">{orderText(lineOrderOf(d))}</td>
      <td data-quantity="order">{orderText(orderOf(d))}</td>
      <td data-quantity="coefficient">{coefficientText(d)}</td>
      <td className="word" data-quantity="verdict">
        <VerdictMark verdict={d.verdict} /> {d.verdict}
      </td>
      <td data-quantity="magnitude">
        {magnitude ? (
          <>
            {magnitude.kind === 'left' && magnitude.value > 0 && '≤ '}
            <Numeral value={magnitude.value} kind="scientific" digits={2} />
          </>
        ) : (
          '–'
        )}
      </td>
      <td className="word muted" data-quantity="evidence">
        <span className="lines">{d.evidence}</span>
      </td>
    </tr>
  );
});

const rowId = (index: number) => `direction-row-${index}`;
