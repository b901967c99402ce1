import { messageOf } from '../base/errors';
import type { Figure } from '../figure/figure';
import { spectrumFigure } from '../figure/spectrum-figure';
import { sweepFigure } from '../figure/sweep-figure';
import { csvOf, directionsCsv } from '../store/csv';
import { selectedDirection, shownDirections } from '../store/directions';
import { shownReport } from '../store/report';
import { selectedLayer } from '../store/selection';
import { currentSubject } from '../store/session';
import { shownTrajectory } from '../store/trajectory';
import { trajectoryCsv } from '../store/trajectory-csv';
import { thresholdOf } from '../store/settings';
import type { App } from '../store/store';
import { useApp, useStore } from './app-context';
import { detectorTitle } from './direction-words';
import { download, slug, stem } from './download';
import { renderImage } from './Plot';
import { drawnSpectra } from './SpectrumPanel';
import { pictureOfTrajectory } from './TrajectoryReadings';
import { readTheme } from './use-theme';

const formats = ['json', 'csv', 'png', 'svg'] as const;
type Format = (typeof formats)[number];

const titlesOfSpectra: Record<Format, string> = {
  json: 'The whole report: opens here again, or in the command line',
  csv: 'All numbers, one per line',
  png: 'The plot as a picture',
  svg: 'The plot as a drawing',
};
const titlesOfDirections: Record<Format, string> = {
  ...titlesOfSpectra,
  csv: 'The table of directions as it is filtered and sorted',
};

const titlesOfTrajectory: Record<Format, string> = {
  json: 'The whole trajectory: opens here again, and is resumed where it stopped',
  csv: 'Readings of every point and fitted slopes, one number per line',
  png: 'The plot as a picture',
  svg: 'The plot as a drawing',
};

/** The figure of the tab in view, with what it is about in its name. */
function pictureOf(state: App, checkpoint: string): { figure: Figure; about: string } | null {
  const theme = readTheme();
  if (state.view.tab === 'trajectory') return pictureOfTrajectory(state, theme);
  if (state.view.tab === 'directions') {
    const selected = selectedDirection(state);
    if (!selected?.direction.sweep) return null;
    const { detector, layer, note, verdict, sweep } = selected.direction;
    const title = [layer, detectorTitle(detector), note, checkpoint].filter(Boolean).join(' · ');
    return { figure: sweepFigure({ direction: { verdict, sweep }, theme, title }), about: `${layer}.direction-${selected.index}` };
  }
  const layer = selectedLayer(state) ?? '';
  const title = `${layer} · ${checkpoint}`;
  return {
    figure: spectrumFigure({ spectra: drawnSpectra(state), view: state.view, threshold: thresholdOf(state), theme, title }),
    about: layer,
  };
}

export function ExportBar() {
  const store = useStore();
  const ofDirections = useApp((s) => s.view.tab === 'directions');
  const ofTrajectory = useApp((s) => s.view.tab === 'trajectory');
  const ready = useApp(
    (s) => ((ofTrajectory ? shownTrajectory(s)?.points : ofDirections ? shownReport(s)?.directions : shownReport(s)?.spectra)?.length ?? 0) > 0,
  );
  const titles = ofTrajectory ? titlesOfTrajectory : ofDirections ? titlesOfDirections : titlesOfSpectra;
  const save = async (format: Format) => {
    const state = store.getState();
    const report = shownReport(state);
    const subject = currentSubject(state);
    if (!subject) return;
    const name = stem(subject.name);
    const trajectory = shownTrajectory(state);
    try {
      if (ofTrajectory && trajectory && format === 'json') return download(new Blob([JSON.stringify(trajectory)], { type: 'application/json' }), `${name}.trajectory.json`);
      if (ofTrajectory && trajectory && format === 'csv') return download(new Blob([trajectoryCsv(state)], { type: 'text/csv' }), `${name}.trajectory.csv`);
      if (!report && !ofTrajectory) return;
      // The report is saved as it was computed: a cut is a way of looking at it.
      if (format === 'json')
        download(
          new Blob([JSON.stringify(state.results[subject.id]!.report)], { type: 'application/json' }),
          `${name}.report.json`,
        );
      else if (format === 'csv') {
        const [text, kind] = ofDirections
          ? [directionsCsv(shownDirections(state).map((row) => row.direction)), 'directions.csv']
          : [csvOf(report!), 'csv'];
        download(new Blob([text], { type: 'text/csv' }), `${name}.${kind}`);
      } else {
        const picture = pictureOf(state, report?.checkpoint.name ?? subject.name);
        if (picture) download(await renderImage(picture.figure, format), `${name}.${slug(picture.about)}.${format}`);
        else state.say('There is no sweep of this direction to draw.');
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
