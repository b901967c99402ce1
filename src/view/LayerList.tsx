import { memo, useMemo } from 'react';
import type { Layer, Spectrum } from '../analysis/report';
import { count } from '../figure/number';
import { sideLooks } from '../figure/theme';
import { layersInView, shownReport, spectraByLayer } from '../store/report';
import { filteredLayers, focusSpectrum, selectedLayer } from '../store/selection';
import { useApp, useStore } from './app-context';
import { Sparkline } from './Sparkline';
import { useWindow } from './use-window';

const ROW = 30;

type Row = { group: string } | { layer: Layer; label: string };

/** Layers under the name of their block: 'blocks.0' over 'attn.W_Q', 'mlp.W_in', …; one that is alone in its block has its whole name. */
function rowsOf(layers: readonly Layer[]): Row[] {
  const blocks = layers.map(({ name }) => /^.*?\.\d+(?=\.)/.exec(name)?.[0]);
  return layers.flatMap((layer, i): Row[] => {
    const group = blocks[i];
    const first = group !== blocks[i - 1];
    if (group === undefined || (first && group !== blocks[i + 1])) return [{ layer, label: layer.name }];
    const row = { layer, label: layer.name.slice(group.length + 1) };
    return first ? [{ group }, row] : [row];
  });
}

export function LayerList() {
  const store = useStore();
  const all = useApp((s) => layersInView(s).length);
  const allLayers = useApp(layersInView);
  const filter = useApp((s) => s.view.filter);
  const selected = useApp(selectedLayer);
  const report = useApp(shownReport);
  const view = useApp((s) => s.view);
  const spectra = spectraByLayer(report);
  const layers = useMemo(() => filteredLayers(store.getState()), [store, allLayers, filter]);
  const rows = useMemo(() => rowsOf(layers), [layers]);
  const at = rows.findIndex((row) => 'layer' in row && row.layer.name === selected);
  const { scroller, start, end, before, after } = useWindow(rows.length, ROW, { keep: at });
  return (
    <section className="layers" aria-labelledby="layers-title">
      <div className="section-head">
        <h2 id="layers-title">Layers</h2>
        <input
          id="layer-filter"
          type="search"
          value={filter}
          onChange={(e) => store.getState().look({ filter: e.target.value })}
          placeholder="filter  /"
          aria-label="Filter layers by name, * and ? allowed"
          spellCheck={false}
        />
      </div>
      <div className="layer-scroll" ref={scroller}>
        <ul style={{ paddingTop: before, paddingBottom: after }}>
          {rows.slice(start, end).map((row) =>
            'group' in row ? (
              <li key={`group ${row.group}`} className="group" title={row.group}>
                {row.group}
              </li>
            ) : (
              <LayerRow
                key={row.layer.name}
                row={row}
                current={row.layer.name === selected}
                shown={focusSpectrum(view, spectra.get(row.layer.name) ?? [])}
              />
            ),
          )}
        </ul>
        {rows.length === 0 && (
          <p className="muted">
            {all === 0 ? 'No layer was recognised: the Report tab says why.' : 'No layer has such a name. Esc leaves the filter.'}
          </p>
        )}
      </div>
    </section>
  );
}

const LayerRow = memo(function LayerRow({
  row,
  current,
  shown,
}: {
  row: { layer: Layer; label: string };
  current: boolean;
  shown: Spectrum | null;
}) {
  const store = useStore();
  const { name } = row.layer;
  return (
    <li>
      <button
        className="layer-row"
        data-testid={`layer-${name}`}
        aria-current={current || undefined}
        onClick={() => store.getState().select(name)}
        title={name}
      >
        <span className="name">{row.label}</span>
        {shown ? (
          <>
            <Sparkline spectrum={shown} tone={current ? shown.tap.side : 'plain'} width={58} height={16} most={28} />
            <Dead spectrum={shown} />
          </>
        ) : (
          <span className="faint width">{row.layer.width > 0 ? count(row.layer.width) : ''}</span>
        )}
      </button>
    </li>
  );
});

/** Dead directions of a spectrum; dashed where only the number of samples says so. */
function Dead({ spectrum }: { spectrum: Spectrum }) {
  const { deficit, sampleLimited, tap } = spectrum;
  if (deficit === null) return <span className="dead-count none" title="only the largest directions were computed">?</span>;
  const words = `${count(deficit)} dead ${sideLooks[tap.side].word} directions${sampleLimited ? ', limited by samples' : ''}`;
  if (deficit === 0)
    return (
      <span className="dead-count none" title={words} aria-label={words} role="img">
        –
      </span>
    );
  return (
    <span className={`dead-count${sampleLimited ? ' by-samples' : ''}`} title={words} aria-label={words} role="img">
      {count(deficit)}
    </span>
  );
}
