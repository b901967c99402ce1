import { useEffect, useMemo, useState } from 'react';
import { spectrumOf } from '../analysis/path-readings';
import { rereadSpectrum } from '../analysis/reread';
import { withoutResiduals, type Trajectory } from '../analysis/trajectory';
import type { Spectrum } from '../analysis/report';
import { scientific } from '../figure/number';
import { spectrumFigure } from '../figure/spectrum-figure';
import { drawnSides, selectedLayer } from '../store/selection';
import { digitsOf, thresholdOf } from '../store/settings';
import { shownTrajectory } from '../store/trajectory';
import { useApp, useStore } from './app-context';
import Plot from './Plot';
import { readTheme } from './use-theme';

const FRAME_MILLISECONDS = 350;
const still = matchMedia('(prefers-reduced-motion: reduce)');

/** Spectra of one layer at one point, as they are shown. */
function spectraAt(trajectory: Trajectory, at: number, layer: string, cut: { threshold: number; digits: number | null }): Spectrum[] {
  const { spectra } = trajectory.points[at]!;
  return (['activation', 'gradient', 'parameter', 'weight'] as const).flatMap((side) => {
    const spectrum = spectrumOf(spectra, layer, side);
    return spectrum ? [rereadSpectrum(withoutResiduals(spectrum), cut)] : [];
  });
}

/** The spectrum of the selected layer, point by point: axes stand still while it moves. */
export function TrajectorySpectrum({ themeName }: { themeName: string }) {
  const store = useStore();
  const trajectory = useApp(shownTrajectory)!;
  const layer = useApp(selectedLayer) ?? '';
  const view = useApp((s) => s.view);
  const threshold = useApp(thresholdOf);
  const digits = useApp(digitsOf);
  const last = trajectory.points.length - 1;
  const at = useApp((s) => Math.min(s.pathView.at ?? last, last));
  const [playing, setPlaying] = useState(false);
  const { lookAlong } = store.getState();

  useEffect(() => {
    if (!playing) return;
    if (at >= last) return setPlaying(false);
    const timer = setTimeout(() => lookAlong({ at: at + 1 }), FRAME_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [playing, at, last, lookAlong]);

  const { scale, index, sides } = view;
  const cut = useMemo(() => ({ threshold, digits }), [threshold, digits]);
  const drawn = (spectra: Spectrum[]) => {
    const wanted = drawnSides({ ...view, sides }, spectra.map((s) => s.tap.side));
    return spectra.filter((s) => wanted.includes(s.tap.side));
  };
  const range = useMemo(() => commonRange(trajectory.points.flatMap((_, i) => drawn(spectraAt(trajectory, i, layer, cut))), scale, index), [trajectory, layer, cut, scale, index, sides]);
  const figure = useMemo(
    () => spectrumFigure({ spectra: drawn(spectraAt(trajectory, at, layer, cut)), view: { scale, index, range }, threshold, theme: readTheme(), narrow: true }),
    // The theme's tokens are read from the document: its name stands for them.
    [trajectory, at, layer, cut, scale, index, range, sides, threshold, themeName],
  );
  const point = trajectory.points[at]!;
  const place = point.step === null ? point.name : `step ${point.step}`;
  return (
    <section className="path-spectrum" aria-labelledby="path-spectrum-title">
      <div className="plot-head">
        <h2 id="path-spectrum-title">Spectrum along the way</h2>
        <span className="muted caption path-name">
          {layer} · {place}
          {trajectory.path === 'run' && ` · distance ${scientific(point.distance, 3)}`}
        </span>
        <span className="spread" />
        {still.matches ? (
          <button className="quiet" onClick={() => lookAlong({ at: at >= last ? 0 : at + 1 })}>
            Next
          </button>
        ) : (
          <button
            className="quiet"
            data-testid="play"
            aria-pressed={playing}
            onClick={() => {
              if (!playing && at >= last) lookAlong({ at: 0 });
              setPlaying(!playing);
            }}
          >
            {playing ? 'Pause' : 'Play'}
          </button>
        )}
        <input
          type="range"
          min={0}
          max={last}
          value={at}
          data-testid="path-at"
          aria-label="Point whose spectrum is shown"
          aria-valuetext={place}
          onChange={(e) => {
            setPlaying(false);
            lookAlong({ at: Number(e.target.value) });
          }}
        />
      </div>
      <div className="plot-box">
        <Plot figure={figure} className="plot" label={`Eigenvalues of ${layer} at ${place}.`} />
      </div>
    </section>
  );
}

/** Axes that hold the spectra of all points. */
function commonRange(spectra: readonly Spectrum[], scale: 'relative' | 'absolute', index: 'linear' | 'log'): { x: [number, number]; y: [number, number] } | null {
  let [low, high, longest] = [Infinity, -Infinity, 1];
  for (const { eigenvalues, floor, rank } of spectra) {
    const largest = eigenvalues[0] ?? 0;
    const unit = scale === 'relative' && largest > 0 ? largest : 1;
    const least = eigenvalues[(rank ?? eigenvalues.length) - 1] ?? 0;
    for (const value of [largest, floor, least]) {
      if (!(value > 0)) continue;
      low = Math.min(low, Math.log10(value / unit));
      high = Math.max(high, Math.log10(value / unit));
    }
    longest = Math.max(longest, eigenvalues.length);
  }
  if (low > high) return null;
  const room = Math.max(0.4, (high - low) * 0.12);
  const x: [number, number] = index === 'log' ? [Math.log10(0.9), Math.log10(longest * 1.1)] : [0.5 - longest * 0.012, longest * 1.02 + 0.5];
  return { x, y: [low - room, high + Math.max(0.15, (high - low) * 0.03)] };
}
