/** What was estimated of a spectrum too large to be solved: its counting curve, and its density along the axis of eigenvalues. */
import type { Spectrum } from '../analysis/report';
import { count, scientific } from './number';
import { sideLooks, type Theme } from './theme';

/** The density takes this part of the width, from the right. */
const PART = 0.22;

/** Two traces where there is an estimate: how many eigenvalues are above (x) a size (y), and eigenvalues for each decade. */
export function densityTraces(spectrum: Spectrum, unit: number, theme: Theme): Record<string, unknown>[] {
  if (!spectrum.estimate) return [];
  const { density, probes, steps } = spectrum.estimate;
  const look = sideLooks[spectrum.tap.side];
  const color = theme[look.colour];
  const y = density.x.map((x) => x / unit);
  const source = `estimated by ${probes} random probes, ${steps} steps`;
  return [
    {
      type: 'scatter',
      mode: 'lines',
      name: `${look.word}, estimated`,
      x: density.above,
      y,
      line: { width: 1.5, color, dash: 'dot' },
      customdata: density.above.map(
        (above, i) => `about ${count(Math.round(above))} of ${count(spectrum.dimension)} above ${scientific(density.x[i]!, 3)}`,
      ),
      hovertemplate: `${look.word} %{customdata}<br>${source}<extra></extra>`,
    },
    {
      type: 'scatter',
      mode: 'lines',
      name: `${look.word}, density`,
      xaxis: 'x2',
      x: density.perDecade,
      y,
      fill: 'tozerox',
      fillcolor: theme.band,
      line: { width: 1, color },
      customdata: density.perDecade.map((d) => count(Math.round(d))),
      hovertemplate: `${look.word}: about %{customdata} a decade near %{y}<br>${source}<extra></extra>`,
    },
  ];
}

/** The axis of the density, from the right edge inwards; nothing where there is none to draw. */
export function densityAxis(spectra: readonly Spectrum[]): Record<string, unknown> {
  const most = Math.max(0, ...spectra.flatMap((s) => s.estimate?.density.perDecade ?? []));
  if (most === 0) return {};
  return { xaxis2: { overlaying: 'x', side: 'top', range: [most / PART, 0], visible: false, fixedrange: true } };
}

/** The smallest eigenvalue that is part of the picture: by its estimate, all but half an eigenvalue are above it. */
export function smallestDrawn(spectrum: Spectrum): number | null {
  if (!spectrum.estimate) return null;
  const { x, above } = spectrum.estimate.density;
  const at = above.findIndex((n) => n < (above[0] ?? 0) - 0.5);
  return x[Math.max(0, at)] ?? null;
}
