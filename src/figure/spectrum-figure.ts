/** The eigenvalues of one layer on a log axis, with the floor as a named band and the rank as a line. */
import type { Spectrum } from '../analysis/report';
import type { View } from '../analysis/link';
import { plain, type Figure } from './figure';
import { scientific } from './number';
import { baseAxis, baseLayout, sideLooks, type Theme } from './theme';

export interface SpectrumFigureInput {
  /** Spectra of one layer, one per side. */
  spectra: readonly Spectrum[];
  view: Pick<View, 'scale' | 'index' | 'range'>;
  /** Relative cut chosen by the person; 0 = the floor alone. */
  threshold: number;
  theme: Theme;
  /** Few pixels: shorter words. */
  narrow?: boolean;
  /** Drawn above the plot (for exports). */
  title?: string;
}

/** Above this many points per side, only that many markers are drawn, on a line through all of them. */
const MOST_MARKERS = 128;

type Range = [number, number];

export function spectrumFigure({ spectra, view, threshold, theme, narrow, title }: SpectrumFigureInput): Figure {
  const drawn = spectra.map((spectrum) => {
    const largest = spectrum.eigenvalues[0] ?? 0;
    // A matrix of zeros has no largest eigenvalue to be relative to: its numbers are drawn as they are.
    const unit = view.scale === 'relative' && largest > 0 ? largest : 1;
    return {
      spectrum,
      unit,
      floor: spectrum.floor / unit,
      cut: (threshold * largest) / unit,
      look: sideLooks[spectrum.tap.side],
    };
  });
  const y =
    view.range?.y ??
    yRange(drawn.map(({ spectrum, unit, floor }) => ({ values: spectrum.eigenvalues, rank: spectrum.rank, unit, floor })));
  const longest = Math.max(1, ...spectra.map((s) => s.eigenvalues.length));
  const x: Range =
    view.range?.x ??
    (view.index === 'log' ? [Math.log10(0.9), Math.log10(longest * 1.1)] : [0.5 - longest * 0.012, longest * 1.02 + 0.5]);

  const shapes: Record<string, unknown>[] = [];
  const annotations: Record<string, unknown>[] = [];
  // Values that a log axis cannot show lie on its lower edge.
  const edge = 10 ** (y[0] + (y[1] - y[0]) * 0.01);

  const floors = drawn.filter(({ floor }) => floor > 0);
  if (floors.length > 0) {
    const highest = Math.max(...floors.map(({ floor }) => floor));
    shapes.push({
      type: 'rect',
      layer: 'below',
      xref: 'paper',
      x0: 0,
      x1: 1,
      y0: 10 ** y[0],
      y1: highest,
      fillcolor: theme.band,
      line: { width: 0 },
    });
    for (const { floor, look } of floors) shapes.push(line('h', floor, theme[look.colour], look.dash));
    const values = floors.map(({ floor }) => scientific(floor, 2));
    const alike = values.every((value) => value === values[0]);
    const named = alike ? values[0]! : floors.map(({ look }, i) => `${look.word} ${values[i]}`).join(', ');
    const lowest = Math.min(...floors.map(({ floor }) => floor));
    const digits = Math.max(...floors.map(({ spectrum }) => spectrum.digits));
    const unknown = digits === 1 ? 'not one digit known' : `fewer than ${digits} digits known`;
    annotations.push({
      ...note(theme.muted),
      xref: 'paper',
      x: 0.012,
      xanchor: 'left',
      y: Math.log10(lowest),
      yanchor: 'top',
      yshift: -5,
      text: narrow
        ? `floor ${named}: dead below`
        : `below the floor (${named}; ${unknown}): counted as dead, never read as a value`,
    });
  }
  if (threshold > 0) {
    const cut = Math.max(...drawn.map((d) => d.cut));
    for (const value of new Set(drawn.map((d) => d.cut))) if (value > 0) shapes.push(line('h', value, theme.ink, 'longdash'));
    if (cut > 0)
      annotations.push({
        ...note(theme.ink),
        xref: 'paper',
        x: 0.012,
        xanchor: 'left',
        y: Math.log10(cut),
        yanchor: 'bottom',
        text: `your cut, ${scientific(threshold, 2)} of the largest`,
      });
  }

  const data = drawn.flatMap(({ spectrum, unit, look }, i) => {
    const { eigenvalues, rank, deficit, residuals, dimension } = spectrum;
    const place = (value: number) => Math.max(value / unit, edge);
    const trace = (from: number, to: number, dead: boolean) => {
      const index = Array.from({ length: to - from }, (_, k) => from + k + 1);
      const many = eigenvalues.length > MOST_MARKERS;
      const colour = dead ? theme.dead : theme[look.colour];
      return {
        type: 'scatter',
        mode: many ? 'lines+markers' : 'markers',
        name: plain(dead ? `${look.word}, dead` : look.word),
        x: index,
        y: index.map((k) => place(eigenvalues[k - 1]!)),
        line: { width: 1, color: colour, dash: look.dash },
        marker: {
          symbol: dead ? `${look.symbol}-open` : look.symbol,
          size: eigenvalues.length > 150 ? 4 : eigenvalues.length > 60 ? 5 : 7,
          color: colour,
          ...(many ? { maxdisplayed: MOST_MARKERS } : {}),
        },
        customdata: index.map((k) => hover(eigenvalues[k - 1]!, residuals[k - 1] ?? null, dead)),
        hovertemplate: `${look.word} %{x} of ${dimension}<br>%{customdata}<extra></extra>`,
      };
    };
    if (deficit > 0 && spectrum.covers === 'all') {
      const at = rank + 0.5;
      const right = (view.index === 'log' ? Math.log10(at) : at) > (x[0] + x[1]) / 2;
      shapes.push(line('v', at, theme[look.colour], 'dot'));
      annotations.push({
        ...note(theme[look.colour]),
        x: view.index === 'log' ? Math.log10(at) : at,
        xanchor: right ? 'right' : 'left',
        xshift: right ? -6 : 6,
        yref: 'paper',
        // Half-way down: live eigenvalues keep to the top, dead ones to the floor.
        y: 0.5 - i * 0.07,
        yanchor: 'top',
        bgcolor: theme.paper,
        borderpad: 2,
        text: `rank ${rank} · deficit ${deficit}${spectrum.sampleLimited ? ', limited by samples' : ''}`,
      });
    }
    const end = eigenvalues.length;
    return [trace(0, Math.min(rank, end), false), trace(Math.min(rank, end), end, true)].filter((t) => t.x.length > 0);
  });

  return {
    data,
    layout: {
      ...baseLayout(theme, title === undefined ? undefined : plain(title)),
      xaxis: {
        ...baseAxis(theme),
        type: view.index === 'log' ? 'log' : 'linear',
        range: x,
        showgrid: false,
        ...(view.index === 'log' ? { dtick: 1 } : { tickformat: 'd', nticks: 9, ...(longest < 9 ? { dtick: 1 } : {}) }),
        title: { text: 'eigenvalue, by size', font: { size: 12, color: theme.muted }, standoff: 8 },
      },
      // Plotly prints powers a quarter larger than it is told.
      yaxis: {
        ...baseAxis(theme),
        tickfont: { family: theme.sans, size: 9, color: theme.muted },
        type: 'log',
        range: y,
        exponentformat: 'power',
        dtick: Math.max(1, Math.ceil((y[1] - y[0]) / 7)),
      },
      shapes,
      annotations,
    },
  };
}

/** Log10 range with every live value, and room below the floor for the band and its name. */
function yRange(drawn: readonly { values: readonly number[]; rank: number; unit: number; floor: number }[]): Range {
  let low = Infinity;
  let high = -Infinity;
  const include = (value: number) => {
    if (!(value > 0)) return;
    low = Math.min(low, Math.log10(value));
    high = Math.max(high, Math.log10(value));
  };
  for (const { values, rank, unit, floor } of drawn) {
    if (values.length > 0) include(values[0]! / unit);
    if (rank > 0) include(values[Math.min(rank, values.length) - 1]! / unit);
    include(floor);
  }
  if (low > high) return [-1, 1];
  const room = Math.max(0.4, (high - low) * 0.14);
  return [low - room, high + Math.max(0.15, (high - low) * 0.03)];
}

function hover(value: number, residual: number | null, dead: boolean): string {
  if (dead) return `${scientific(value, 3)}: dead, not a value`;
  return `${scientific(value, 6)}${residual === null ? '' : `<br>residual ${scientific(residual, 2)}`}`;
}

function line(direction: 'h' | 'v', at: number, color: string, dash: string): Record<string, unknown> {
  const ends =
    direction === 'h' ? { xref: 'paper', x0: 0, x1: 1, y0: at, y1: at } : { yref: 'paper', y0: 0, y1: 1, x0: at, x1: at };
  return { type: 'line', layer: 'below', ...ends, line: { color, width: 1, dash } };
}

function note(color: string): Record<string, unknown> {
  return { showarrow: false, font: { size: 11, color } };
}
