import type { Verdict } from '../analysis/directions-schema';
import type { Side } from '../analysis/report';

/** Colours and fonts of the page, as the style sheet defines them. */
export interface Theme {
  paper: string;
  ink: string;
  muted: string;
  hairline: string;
  /** Fill of the band below the floor. */
  band: string;
  /** Points that are counted as dead. */
  dead: string;
  activation: string;
  fisher: string;
  singular: string;
  gauge: string;
  sans: string;
  mono: string;
}

/** How a side is told apart: never by colour alone. */
export interface SideLook {
  word: string;
  colour: keyof Pick<Theme, 'activation' | 'fisher' | 'muted'>;
  symbol: 'circle' | 'square' | 'diamond' | 'triangle-up';
  dash: 'solid' | 'dash' | 'dot' | 'dashdot';
}

export const sideLooks: Record<Side, SideLook> = {
  activation: { word: 'activation', colour: 'activation', symbol: 'circle', dash: 'solid' },
  gradient: { word: 'gradient', colour: 'fisher', symbol: 'square', dash: 'dash' },
  parameter: { word: 'parameter', colour: 'fisher', symbol: 'diamond', dash: 'dot' },
  weight: { word: 'weight', colour: 'muted', symbol: 'triangle-up', dash: 'dashdot' },
};

/** How a verdict is told apart: its word stands beside the mark wherever there is room for one. */
export interface VerdictLook {
  colour: keyof Pick<Theme, 'ink' | 'muted' | 'singular' | 'gauge'>;
  symbol: 'circle' | 'diamond' | 'square' | 'square-open' | 'circle-open';
}

export const verdictLooks: Record<Verdict, VerdictLook> = {
  regular: { colour: 'muted', symbol: 'circle' },
  singular: { colour: 'singular', symbol: 'diamond' },
  gauge: { colour: 'gauge', symbol: 'square' },
  'flat fibre': { colour: 'ink', symbol: 'square-open' },
  unresolved: { colour: 'muted', symbol: 'circle-open' },
};

/** What every figure shares: fonts, margins, no decoration. */
export function baseLayout(theme: Theme, title?: string): Record<string, unknown> {
  return {
    paper_bgcolor: title === undefined ? 'rgba(0,0,0,0)' : theme.paper,
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { family: theme.sans, size: 12, color: theme.muted },
    margin: { l: 56, r: 16, t: title === undefined ? 12 : 48, b: 44, pad: 0 },
    showlegend: false,
    hovermode: 'closest',
    hoverlabel: {
      bgcolor: theme.paper,
      bordercolor: theme.hairline,
      font: { family: theme.mono, size: 12, color: theme.ink },
      align: 'left',
    },
    dragmode: 'zoom',
    ...(title === undefined ? {} : { title: { text: title, x: 0.02, xanchor: 'left', font: { size: 14, color: theme.ink } } }),
  };
}

export function baseAxis(theme: Theme): Record<string, unknown> {
  return {
    gridcolor: theme.hairline,
    linecolor: theme.hairline,
    tickcolor: theme.hairline,
    zeroline: false,
    automargin: false,
    // Measuring every label for overflow costs a fifth of a draw; the margins have room.
    ticklabeloverflow: 'allow',
    tickfont: { family: theme.sans, size: 11, color: theme.muted },
    title: { font: { size: 12, color: theme.muted }, standoff: 8 },
  };
}
