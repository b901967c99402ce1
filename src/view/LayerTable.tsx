import { memo, useMemo, type KeyboardEvent } from 'react';
import type { Reading, Spectrum } from '../analysis/report';
import { sortedBy } from '../base/order';
import { count } from '../figure/number';
import { sideLooks } from '../figure/theme';
import { shownReport, spectraByLayer } from '../store/report';
import { drawnSides, filteredLayers, selectedLayer } from '../store/selection';
import { useApp, useStore } from './app-context';
import { limitWords, ReadingValue, Uncertainty } from './Numeral';
import { SideMark } from './SpectrumPanel';
import { SortableHead, type Heading } from './SortableHead';
import { useWindow } from './use-window';

const ROW = 40;

interface Column extends Heading {
  /** What the column is sorted by; null sorts last. */
  by: (s: Spectrum) => number | string | null;
}

const value = (name: string) => (s: Spectrum) => s.readings.find((r) => r.name === name)?.value ?? null;
const readings = ['sigmaMin', 'lambdaPlusMin', 'logDetPlus', 'stableRank', 'trace'] as const;

const columns: readonly Column[] = [
  { key: 'layer', title: 'layer', by: (s) => s.tap.layer },
  { key: 'side', title: 'side', by: (s) => s.tap.side },
  { key: 'width', title: 'width', term: 'width', by: (s) => s.dimension },
  { key: 'rows', title: 'rows', term: 'rows', by: (s) => s.rows },
  { key: 'rank', title: 'rank', term: 'rank', by: (s) => s.rank },
  { key: 'deficit', title: 'deficit', term: 'deficit', by: (s) => s.deficit },
  ...readings.map((name): Column => ({ key: name, title: null, term: name, by: value(name) })),
  { key: 'note', title: 'note', by: (s) => noteOf(s) },
];

export function LayerTable() {
  const store = useStore();
  const report = useApp(shownReport);
  const filter = useApp((s) => s.view.filter);
  const selected = useApp(selectedLayer);
  const view = useApp((s) => s.view);
  const { sort } = view;

  const rows = useMemo(() => {
    const index = spectraByLayer(report);
    const list = filteredLayers(store.getState()).flatMap((l) => index.get(l.name) ?? []);
    const column = sort && columns.find((c) => c.key === sort.key);
    return column ? sortedBy(list, column.by, sort!.descending) : list;
  }, [store, report, filter, sort]);

  const own = rows.filter((s) => s.tap.layer === selected);
  const side = drawnSides(
    view,
    own.map((s) => s.tap.side),
  )[0];
  const at = rows.findIndex((s) => s.tap.layer === selected && s.tap.side === side);
  const { scroller, start, end, before, after } = useWindow(rows.length, ROW, { keep: at, header: 40 });

  const move = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -rows.length, End: rows.length }[event.key];
    if (!step) return;
    event.preventDefault();
    const { tap } = rows[Math.max(0, Math.min(rows.length - 1, at + step))]!;
    store.getState().select(tap.layer, tap.side);
    requestAnimationFrame(() => document.getElementById(rowId(tap))?.focus());
  };

  return (
    <section className="layer-table" aria-labelledby="table-title">
      <h2 id="table-title" className="offscreen">
        Readings of every layer
      </h2>
      <div className="table-scroll" ref={scroller}>
        <table className="numbers">
          <thead>
            <tr>
              {columns.map((column) => (
                <SortableHead key={column.key} column={column} sort={sort} onSort={(next) => store.getState().look({ sort: next })} />
              ))}
            </tr>
          </thead>
          <tbody onKeyDown={move}>
            {before > 0 && <tr style={{ height: before }} aria-hidden="true" />}
            {rows.slice(start, end).map((s, i) => (
              <TableRow
                key={`${s.tap.side} ${s.tap.layer}`}
                spectrum={s}
                current={start + i === at}
                kin={s.tap.layer === selected}
              />
            ))}
            {after > 0 && <tr style={{ height: after }} aria-hidden="true" />}
          </tbody>
        </table>
        {rows.length === 0 && (
          <p className="muted table-empty">
            {report && report.spectra.length > 0 ? 'No layer has such a name.' : 'Rows appear here as layers finish.'}
          </p>
        )}
      </div>
    </section>
  );
}

const TableRow = memo(function TableRow({ spectrum, current, kin }: { spectrum: Spectrum; current: boolean; kin: boolean }) {
  const store = useStore();
  const { tap } = spectrum;
  const get = (name: string): Reading | undefined => spectrum.readings.find((r) => r.name === name);
  return (
    <tr
      data-testid={`table-row-${tap.layer}-${tap.side}`}
      aria-current={current || undefined}
      className={kin ? 'kin' : undefined}
      onClick={() => store.getState().select(tap.layer, tap.side)}
    >
      <th scope="row">
        <button id={rowId(tap)} tabIndex={current ? 0 : -1} title={tap.layer}>
          {tap.layer}
        </button>
      </th>
      <td className="word">
        <SideMark side={tap.side} /> {sideLooks[tap.side].word}
      </td>
      <td data-quantity="width">{count(spectrum.dimension)}</td>
      <td data-quantity="rows">{count(spectrum.rows)}</td>
      <td data-quantity="rank">{spectrum.rank === null ? '–' : count(spectrum.rank)}</td>
      <td data-quantity="deficit">{spectrum.deficit === null ? '–' : count(spectrum.deficit)}</td>
      {readings.map((name) => (
        <td key={name} data-quantity={name}>
          <ReadingValue reading={get(name)} digits={name === 'logDetPlus' ? 5 : name === 'stableRank' ? 4 : 3} />
          <Uncertainty reading={get(name)} />
        </td>
      ))}
      <td className="word note-cell">{noteOf(spectrum)}</td>
    </tr>
  );
});

const rowId = (tap: Spectrum['tap']) => `row ${tap.side} ${tap.layer}`;

function noteOf({ readings, sampleLimited, estimate }: Spectrum): string {
  const limits = sampleLimited ? limitWords.samples : readings.some((r) => r.limitedBy === 'floor') ? limitWords.floor : '';
  return [limits, estimate ? 'largest only' : ''].filter(Boolean).join(', ');
}
