/** All layers side by side: one reading per layer, or every spectrum as a column of a heatmap. */
import type { Layer, Side, Spectrum } from '../analysis/report';
import { plain, type Figure } from './figure';
import { decimal, scientific } from './number';
import { baseAxis, baseLayout, sideLooks, type Theme } from './theme';

export interface OverviewInput {
  kind: 'logDetPlus' | 'deficit' | 'heatmap';
  layers: readonly Layer[];
  spectra: ReadonlyMap<string, readonly Spectrum[]>;
  /** Sides to draw; the heatmap shows the first. */
  sides: readonly Side[];
  selected: string | null;
  theme: Theme;
  title?: string;
}

/** Layers drawn at once: more would be thinner than a pixel. */
const MOST_LAYERS = 400;
/** Rows of the heatmap; a longer spectrum is shown by evenly spaced eigenvalues of its own. */
const ROWS = 64;

/** Cividis: readable in grey and by the colour-blind. */
const cividis = [
  [0, 'rgb(0,32,77)'],
  [0.25, 'rgb(66,78,108)'],
  [0.5, 'rgb(124,123,120)'],
  [0.75, 'rgb(187,173,108)'],
  [1, 'rgb(255,234,70)'],
];

export function overviewFigure({ kind, layers, spectra, sides, selected, theme, title }: OverviewInput): Figure {
  const at = layers.findIndex((l) => l.name === selected);
  const start = Math.max(0, Math.min(layers.length - MOST_LAYERS, at - MOST_LAYERS / 2));
  const shown = layers.slice(start, start + MOST_LAYERS);
  const find = (layer: string, side: Side) => spectra.get(layer)?.find((s) => s.tap.side === side);
  const data =
    kind === 'heatmap' ? heatmap(shown, sides[0], find, theme) : sides.map((side) => readings(kind, shown, side, find, theme));
  const labelled = shown.length <= 24;
  return {
    data,
    layout: {
      ...baseLayout(theme, title === undefined ? undefined : plain(title)),
      margin: { l: 56, r: kind === 'heatmap' ? 72 : 16, t: title === undefined ? 8 : 48, b: labelled ? 64 : 36 },
      xaxis: {
        ...baseAxis(theme),
        type: 'linear',
        range: [-0.6, shown.length - 0.4],
        showgrid: false,
        fixedrange: true,
        tickangle: shown.length > 6 ? -30 : 0,
        ...(labelled
          ? { tickmode: 'array', tickvals: shown.map((_, i) => i), ticktext: shown.map((l) => plain(short(l.name))) }
          : {
              showticklabels: false,
              title: {
                text: `layers ${start + 1} to ${start + shown.length} of ${layers.length}`,
                font: { size: 11, color: theme.muted },
              },
            }),
      },
      yaxis: {
        ...baseAxis(theme),
        fixedrange: true,
        nticks: 5,
        ...(kind === 'deficit' ? { rangemode: 'tozero', tickformat: 'd' } : {}),
        ...(kind === 'heatmap' ? { range: [1, 0], tickmode: 'array', tickvals: [0, 1], ticktext: ['largest', 'smallest'] } : {}),
      },
      shapes:
        at < 0
          ? []
          : [
              {
                type: 'rect',
                layer: kind === 'heatmap' ? 'above' : 'below',
                yref: 'paper',
                y0: 0,
                y1: 1,
                x0: at - start - 0.5,
                x1: at - start + 0.5,
                fillcolor: kind === 'heatmap' ? 'rgba(0,0,0,0)' : theme.band,
                line: { width: kind === 'heatmap' ? 1.5 : 0, color: theme.ink },
              },
            ],
      annotations: [],
    },
  };
}

type Find = (layer: string, side: Side) => Spectrum | undefined;

function readings(
  kind: 'logDetPlus' | 'deficit',
  layers: readonly Layer[],
  side: Side,
  find: Find,
  theme: Theme,
): Record<string, unknown> {
  const look = sideLooks[side];
  const points = layers.flatMap((layer, i) => {
    const reading = find(layer.name, side)?.readings.find((r) => r.name === kind);
    return reading && reading.value !== null ? [{ i, layer: layer.name, value: reading.value, reading }] : [];
  });
  return {
    type: 'scatter',
    mode: 'markers',
    name: look.word,
    x: points.map((p) => p.i),
    y: points.map((p) => p.value),
    error_y: {
      type: 'data',
      array: points.map((p) => p.reading.uncertainty ?? 0),
      visible: points.some((p) => p.reading.uncertainty !== null),
      color: theme[look.colour],
      thickness: 1,
      width: 3,
    },
    marker: {
      symbol: points.map((p) => (p.reading.limitedBy ? `${look.symbol}-open` : look.symbol)),
      size: 8,
      color: theme[look.colour],
    },
    customdata: points.map((p) => p.layer),
    text: points.map(
      (p) =>
        `${plain(p.layer)}<br>${look.word}: ${decimal(p.value)}${p.reading.limitedBy ? `<br>limited by ${p.reading.limitedBy === 'floor' ? 'the floor' : 'samples'}` : ''}`,
    ),
    hovertemplate: '%{text}<extra></extra>',
  };
}

function heatmap(layers: readonly Layer[], side: Side | undefined, find: Find, theme: Theme): Record<string, unknown>[] {
  const columns = layers.map((layer) => (side ? find(layer.name, side) : undefined));
  const cell = (spectrum: Spectrum | undefined, row: number) => {
    if (!spectrum || spectrum.rank === null || spectrum.eigenvalues.length === 0) return null;
    const k = Math.round((row / (ROWS - 1)) * (spectrum.eigenvalues.length - 1));
    // A dead eigenvalue has no height: its cell stays empty.
    return { k, value: k < spectrum.rank ? Math.log10(spectrum.eigenvalues[k]! / spectrum.eigenvalues[0]!) : null };
  };
  const rows = Array.from({ length: ROWS }, (_, row) => columns.map((spectrum) => cell(spectrum, row)));
  return [
    {
      type: 'heatmap',
      x: layers.map((_, i) => i),
      y: rows.map((_, row) => row / (ROWS - 1)),
      z: rows.map((row) => row.map((c) => c?.value ?? null)),
      customdata: rows.map(() => layers.map((l) => l.name)),
      text: rows.map((row) =>
        row.map((c, i) => {
          if (!c) return '';
          const name = `${plain(layers[i]!.name)}<br>eigenvalue ${c.k + 1}: `;
          return name + (c.value === null ? 'dead' : `${scientific(10 ** c.value, 3)} of the largest`);
        }),
      ),
      hovertemplate: '%{text}<extra></extra>',
      hoverongaps: false,
      colorscale: cividis,
      colorbar: {
        thickness: 8,
        outlinewidth: 0,
        len: 1,
        tickprefix: '10<sup>',
        ticksuffix: '</sup>',
        nticks: 4,
        tickfont: { size: 11, color: theme.muted },
      },
    },
  ];
}

/** The end of a long name: that is where layers differ. */
function short(name: string): string {
  return name.length <= 13 ? name : `…${name.slice(-12)}`;
}
