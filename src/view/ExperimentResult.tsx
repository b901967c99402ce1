import { useMemo } from 'react';
import type { ExperimentPlot, ExperimentRecord } from '../analysis/experiment-record';
import { messageOf } from '../base/errors';
import { experimentFigure, strideOf } from '../figure/experiment-figure';
import { duration } from '../figure/number';
import { tableCsv } from '../store/csv';
import { protocolWords } from '../store/experiment-draft';
import { useStore } from './app-context';
import { download, slug } from './download';
import { ExperimentLegend } from './ExperimentLegend';
import { ExperimentTable } from './ExperimentTable';
import Plot, { renderImage } from './Plot';
import { backendName } from './sentence';
import { readTheme } from './use-theme';

/** What came out: plots, the table with the paper's figures, where it came from, and the ways to take it along. */
export function ExperimentResult({ record, file, theme }: { record: ExperimentRecord; file: string | null; theme: string }) {
  const { provenance, plots } = record;
  return (
    <div className="experiment-result">
      {plots.length > 0 && (
        <div className="experiment-plots">
          {plots.map((plot, i) => (
            <PlotOf key={i} plot={plot} name={record.name} theme={theme} />
          ))}
        </div>
      )}
      <ExperimentTable table={record.table} label={`Figures of ${record.name}`} />
      <div className="experiment-foot">
        <p className="muted" data-testid="experiment-provenance">
          {file === null ? 'Computed here' : <>Opened from <strong>{file}</strong>; computed</>} by {provenance.app} on{' '}
          {backendName(provenance.backend)} ({provenance.device}) in {duration(provenance.seconds)}: {protocolWords(record)}.
        </p>
        <Exports record={record} />
      </div>
    </div>
  );
}

function PlotOf({ plot, name, theme }: { plot: ExperimentPlot; name: string; theme: string }) {
  const store = useStore();
  // The theme's tokens are read from the document: its name stands for them.
  const figure = useMemo(() => experimentFigure({ plot, theme: readTheme() }), [plot, theme]);
  const stride = strideOf(plot);
  const save = async (format: 'png' | 'svg') => {
    try {
      const picture = experimentFigure({ plot, theme: readTheme(), alone: true });
      download(await renderImage(picture, format), `${slug(name)}.${slug(plot.title)}.${format}`);
    } catch (error) {
      store.getState().refuse(`${name}.${format}`, `The export did not work: ${messageOf(error)}`);
    }
  };
  const names = plot.series.map((s) => s.name).join(', ');
  return (
    <figure className="experiment-plot">
      <figcaption>
        <h3>{plot.title}</h3>
        <span className="export-bar">
          {(['png', 'svg'] as const).map((format) => (
            <button key={format} className="quiet" aria-label={`Export ${plot.title} as ${format.toUpperCase()}`} onClick={() => void save(format)}>
              {format.toUpperCase()}
            </button>
          ))}
        </span>
      </figcaption>
      <div className="plot-box">
        <Plot figure={figure} className="plot" label={`${plot.title}: ${plot.y.title} against ${plot.x.title} for ${names}. The exported JSON has every point.`} />
      </div>
      <ExperimentLegend plot={plot} />
      {stride > 1 && <p className="faint">One point of {stride} is drawn; the exported JSON has all.</p>}
    </figure>
  );
}

function Exports({ record }: { record: ExperimentRecord }) {
  const { name, table } = record;
  const json = () => download(new Blob([JSON.stringify(record)], { type: 'application/json' }), `${slug(name)}.experiment.json`);
  const csv = () => download(new Blob([tableCsv(table)], { type: 'text/csv' }), `${slug(name)}.csv`);
  return (
    <div className="export-bar" role="group" aria-label={`Export of ${name}`}>
      <span className="muted">Export</span>
      <button className="quiet" data-testid={`export-${name}-json`} title="The whole result: opens here again" onClick={json}>
        JSON
      </button>
      <button className="quiet" data-testid={`export-${name}-csv`} title="The table" onClick={csv}>
        CSV
      </button>
    </div>
  );
}
