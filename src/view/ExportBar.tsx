import { messageOf } from '../base/errors';
import { spectrumFigure } from '../figure/spectrum-figure';
import { csvOf } from '../store/csv';
import { shownReport } from '../store/report';
import { selectedLayer } from '../store/selection';
import { currentSubject } from '../store/session';
import { thresholdOf } from '../store/settings';
import { useApp, useStore } from './app-context';
import { download, slug, stem } from './download';
import { renderImage } from './Plot';
import { drawnSpectra } from './SpectrumPanel';
import { readTheme } from './use-theme';

const formats = ['json', 'csv', 'png', 'svg'] as const;
type Format = (typeof formats)[number];

const titles: Record<Format, string> = {
  json: 'The whole report: opens here again, or in the command line',
  csv: 'All numbers, one per line',
  png: 'The plot as a picture',
  svg: 'The plot as a drawing',
};

export function ExportBar() {
  const store = useStore();
  const ready = useApp((s) => (shownReport(s)?.spectra.length ?? 0) > 0);
  const save = async (format: Format) => {
    const state = store.getState();
    const report = shownReport(state);
    const subject = currentSubject(state);
    if (!report || !subject) return;
    const layer = selectedLayer(state) ?? '';
    const name = stem(subject.name);
    try {
      // The report is saved as it was computed: a cut is a way of looking at it.
      if (format === 'json')
        download(
          new Blob([JSON.stringify(state.results[subject.id]!.report)], { type: 'application/json' }),
          `${name}.report.json`,
        );
      else if (format === 'csv') download(new Blob([csvOf(report)], { type: 'text/csv' }), `${name}.csv`);
      else {
        const spectra = drawnSpectra(state);
        const figure = spectrumFigure({
          spectra,
          view: state.view,
          threshold: thresholdOf(state),
          theme: readTheme(),
          title: `${layer} · ${report.checkpoint.name}`,
        });
        download(await renderImage(figure, format), `${name}.${slug(layer)}.${format}`);
      }
    } catch (error) {
      store.getState().refuse(`${name}.${format}`, `The export did not work: ${messageOf(error)}`);
    }
  };
  return (
    <div className="export-bar" role="group" aria-label="Export">
      <span className="muted">Export</span>
      {formats.map((format) => (
        <button
          key={format}
          className="quiet"
          data-testid={`export-${format}`}
          disabled={!ready}
          title={titles[format]}
          onClick={() => void save(format)}
        >
          {format.toUpperCase()}
        </button>
      ))}
    </div>
  );
}
