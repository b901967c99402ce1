import { useMemo } from 'react';
import { plottedFits, slopesFigure } from '../figure/trajectory-slopes';
import { selectedLayer } from '../store/selection';
import { shownFits, shownTrajectory } from '../store/trajectory';
import { useApp, useStore } from './app-context';
import Plot from './Plot';
import { readTheme } from './use-theme';

/** Slopes of all layers against their rank deficits: the volume counts, the smallest eigenvalue does not. */
export function TrajectorySlopes({ themeName }: { themeName: string }) {
  const store = useStore();
  const fits = useApp(shownFits);
  const layer = useApp(selectedLayer);
  const line = useApp((s) => shownTrajectory(s)?.path === 'line');
  const figures = useMemo(
    () => (['ratio', 'smallest'] as const).map((quantity) => slopesFigure({ fits, quantity, selected: layer, theme: readTheme() })),
    // The theme's tokens are read from the document: its name stands for them.
    [fits, layer, themeName],
  );
  const shown = plottedFits(fits).length;
  const pick = (name: string) => store.getState().select(name);
  return (
    <section className="path-slopes" aria-labelledby="path-slopes-title">
      <h2 id="path-slopes-title" className="offscreen">
        Slope against rank deficit
      </h2>
      {shown === 0 ? (
        <p className="muted">
          {line
            ? 'Nothing that is dead here rises along the line, so that there is no slope to compare.'
            : 'No eigenvalue falls over the fitted points in a straight line: there is no slope to compare with a rank deficit.'}
        </p>
      ) : (
        <div className="direction-plots">
          <div>
            <div className="plot-head">
              <h3>log det⁺ slope / one direction</h3>
              <span className="muted caption">open: still falling</span>
            </div>
            <div className="plot-box small">
              <Plot figure={figures[0]!} className="plot" onPick={pick} label={`Ratio of the slopes of log det+ and of the smallest eigenvalue against the rank deficit, ${shown} spectra; predicted is the deficit itself.`} />
            </div>
          </div>
          <div>
            <div className="plot-head">
              <h3>smallest eigenvalue</h3>
              <span className="muted caption">blind to r</span>
            </div>
            <div className="plot-box small">
              <Plot figure={figures[1]!} className="plot" onPick={pick} label={`Slope of the smallest kept eigenvalue against the rank deficit, ${shown} spectra.`} />
            </div>
          </div>
        </div>
      )}
    </section>
  );
}
