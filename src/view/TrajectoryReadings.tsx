import { useMemo } from 'react';
import { PATH_READINGS, readingAlong } from '../analysis/path-readings';
import { axesOf, placeOf, type PathFit } from '../analysis/slopes';
import type { Figure } from '../figure/figure';
import { decimal, uncertainty } from '../figure/number';
import { sideLooks, type Theme } from '../figure/theme';
import { readingsFigure } from '../figure/trajectory-readings';
import { drawnSides, selectedLayer } from '../store/selection';
import { digitsOf, thresholdOf } from '../store/settings';
import type { App } from '../store/store';
import { shownAxis, shownFits, shownTrajectory } from '../store/trajectory';
import { useApp, useStore } from './app-context';
import { glossary } from './glossary';
import Plot from './Plot';
import { Segments } from './SpectrumPanel';
import { readTheme } from './use-theme';
import { ThresholdControl } from './ThresholdControl';
import { WindowSliders } from './WindowSliders';

/** The side in view, of those that the trajectory has. */
export function pathSide(state: App) {
  const sides = [...new Set(shownFits(state).map((f) => f.side))];
  return drawnSides(state.view, sides)[0] ?? 'activation';
}

function figureOf(state: App, theme: Theme, title?: string): Figure | null {
  const trajectory = shownTrajectory(state);
  if (!trajectory) return null;
  const side = pathSide(state);
  const cut = { threshold: thresholdOf(state), digits: digitsOf(state) };
  const { reading, at } = state.pathView;
  const lines = shownFits(state)
    .filter((fit) => fit.side === side)
    .map((fit) => ({ fit, values: readingAlong(trajectory, reading, fit, cut) }));
  return readingsFigure({ trajectory, axis: shownAxis(state, trajectory), reading, lines, selected: selectedLayer(state), at, theme, title });
}

export function pictureOfTrajectory(state: App, theme: Theme): { figure: Figure; about: string } | null {
  const layer = selectedLayer(state) ?? '';
  const figure = figureOf(state, theme, `${layer} · ${sideLooks[pathSide(state)].word} · ${glossary[state.pathView.reading].name}`);
  return figure && { figure, about: `${layer}.trajectory` };
}

/** One reading of every layer along the path; what is dragged over is what the slopes are fitted to. */
export function TrajectoryReadings({ themeName }: { themeName: string }) {
  const store = useStore();
  const trajectory = useApp(shownTrajectory)!;
  const fits = useApp(shownFits);
  const side = useApp(pathSide);
  const layer = useApp(selectedLayer);
  const view = useApp((s) => s.pathView);
  const axis = useApp((s) => shownAxis(s, trajectory));
  const figure = useMemo(
    () => figureOf(store.getState(), readTheme())!,
    // The theme's tokens are read from the document: its name stands for them.
    [store, trajectory, fits, side, layer, view.reading, view.at, themeName],
  );
  const sides = [...new Set(fits.map((f) => f.side))];
  const fit = fits.find((f) => f.layer === layer && f.side === side) ?? null;
  const { lookAlong, focusSide } = store.getState();
  const select = ([from, to]: [number, number]) => {
    const inside = trajectory.points.flatMap((p, i) => {
      const x = placeOf(p, axis);
      return x !== null && x >= Math.min(from, to) && x <= Math.max(from, to) ? [i] : [];
    });
    if (inside.length >= 3) lookAlong({ window: [inside[0]!, inside.at(-1)!] });
    else store.getState().say('A slope needs three points at least.');
  };
  const name = glossary[view.reading].name;
  const slope = view.reading === 'lambdaPlusMin' ? fit?.smallest : fit?.volume;
  return (
    <section aria-labelledby="path-readings-title">
      <div className="plot-head">
        <h2 id="path-readings-title" className="path-layer">
          {layer}
        </h2>
        <select aria-label="Reading" data-testid="path-reading" value={view.reading} onChange={(e) => lookAlong({ reading: PATH_READINGS.find((r) => r === e.target.value)! })}>
          {PATH_READINGS.map((reading) => (
            <option key={reading} value={reading}>
              {glossary[reading].name}
            </option>
          ))}
        </select>
        <span className="spread" />
        {sides.length > 1 && <Segments label="Side" value={side} options={sides} words={Object.fromEntries(sides.map((s) => [s, sideLooks[s].word]))} onChoose={focusSide} />}
        {trajectory.path === 'run' && <Segments label="Axis" value={axis} options={axesOf(trajectory)} onChoose={(next) => lookAlong({ axis: next })} />}
      </div>
      <div className="plot-box path-plot">
        <Plot
          figure={figure}
          className="plot"
          label={`${name} of every layer, ${side} side, along ${trajectory.points.length} points. The table below has the slopes.`}
          onPick={(picked) => store.getState().select(picked)}
          onSelect={select}
        />
      </div>
      <div className="plot-foot">
        <WindowSliders shown={fit?.window ?? null} />
        <span className="spread" />
        <ThresholdControl />
      </div>
      {fit && (
        <p className="path-fit" data-testid="path-fit">
          {slope && (view.reading === 'logDetPlus' || view.reading === 'lambdaPlusMin')
            ? `Slope ${decimal(slope.value, 4)} ± ${uncertainty(slope.halfWidth)} over ${fit.points.length} points, ${fit.kept} eigenvalues kept at each of them.`
            : fit.points.length < 3
              ? 'A slope needs three points with a place on this axis.'
              : `${fit.points.length} points, ${fit.kept} eigenvalues kept at each of them.`}
          {bends(fit) && ` It bends: ${fit.halves!.map((h) => decimal(h, 3)).join(' over the first half, ')} over the second. Drag over its straight part.`}
          {fit.law === 'exponential' && ' The steps look exponential rather than like a power law: a slope in log step then depends on the window.'}
        </p>
      )}
    </section>
  );
}

/** Whether the halves of the window disagree by more than a tenth. */
function bends({ volume, halves }: PathFit): boolean {
  return volume !== null && halves !== null && Math.abs(halves[0] - halves[1]) > 0.1 * Math.abs(volume.value) + volume.halfWidth;
}
