/** What the reduced-rank anchor shows: a row a cell, a row an observable, and two plots. */
import type { ExperimentPlot } from '../../analysis/experiment-record';
import type { CalibrationRow } from '../../llc/calibrate';
import { ordering, spearman, type Ordering } from '../rank-correlation';
import type { Observables } from './observables';

/** Without the adjustment of steps. */
export interface PlainReading {
  llc: number | null;
  standardError: number | null;
  acceptance: number | null;
  passes: number;
  problems: readonly string[];
}

export interface RrrCell {
  M: number;
  H: number;
  N: number;
  r: number;
  lambda: number;
  exactLambda: string;
  multiplicity: number;
  llc: number | null;
  standardError: number | null;
  /** llc / lambda. */
  recovery: number | null;
  acceptance: number | null;
  step: number;
  calibration: { sentence: string; rows: readonly CalibrationRow[] };
  /** With those of the calibration. */
  passes: number;
  problems: readonly string[];
  plain: PlainReading;
  initialLoss: number;
  /** Norm of the gradient at the trained point. */
  gradient: number;
  /** H r, the naive proxy. */
  capacity: number;
  observables: Observables;
}

export interface Correlation {
  observable: string;
  /** Spearman's rho with the closed-form lambda over the cells; null where the observable is constant, or missing somewhere. */
  rho: number | null;
  paper: number | null;
  /** Pairs of cells of one width, and of different widths, that the observable orders as lambda does, or the opposite way. */
  within: Ordering;
  across: Ordering;
}

const OBSERVABLES: readonly { observable: string; paper: number | null; of(cell: RrrCell): number | null }[] = [
  { observable: 'LLC', paper: null, of: (c) => c.llc },
  { observable: 'σ_min(X_h1)', paper: null, of: (c) => c.observables.h1.sigmaMin },
  { observable: 'σ_min(X_h2)', paper: 0.895, of: (c) => c.observables.h2.sigmaMin },
  { observable: 'λ⁺_min(G_h1)', paper: -0.978, of: (c) => c.observables.h1.lambdaPlusMin },
  { observable: 'λ⁺_min(G_h2)', paper: -0.978, of: (c) => c.observables.h2.lambdaPlusMin },
  { observable: 'log det⁺(G_h1)', paper: -0.947, of: (c) => c.observables.h1.logDetPlus },
  { observable: 'log det⁺(G_h2)', paper: -0.947, of: (c) => c.observables.h2.logDetPlus },
  { observable: 'H·r (control)', paper: null, of: (c) => c.capacity },
];

export function correlationsOf(cells: readonly RrrCell[]): Correlation[] {
  const lambda = cells.map((c) => c.lambda);
  return OBSERVABLES.map(({ observable, paper, of }) => {
    const values = cells.map(of);
    // A value that is missing is in no order with the others.
    const numbers = values.map((v) => v ?? NaN);
    const sameWidth = (i: number, j: number) => cells[i]!.H === cells[j]!.H;
    return {
      observable,
      rho: values.includes(null) ? null : spearman(numbers, lambda),
      paper,
      within: ordering(numbers, lambda, sameWidth),
      across: ordering(numbers, lambda, (i, j) => !sameWidth(i, j)),
    };
  });
}

/** Which observables order the cells as the paper has it, and how those do that do not. */
export function widthSentence(correlations: readonly Correlation[]): string {
  const compared = correlations.filter((c) => c.paper !== null);
  const tell = ({ observable, rho, paper }: Correlation) => `${observable} ${rho === null ? 'none' : signed(rho)} (paper ${signed(paper!)})`;
  // The same sign, and at least as strong up to a tenth.
  const right = ({ rho, paper }: Correlation) => rho !== null && rho * Math.sign(paper!) >= Math.abs(paper!) - 0.1;
  const control = correlations.at(-1)!;
  const verdict = compared.every(right)
    ? 'The rank correlations of the signatures come out as in the paper'
    : compared.some(right)
      ? 'Some of the rank correlations of the signatures come out as in the paper, some do not'
      : 'The rank correlations of the signatures do not come out as in the paper at these trained points';
  const within = compared.map(({ observable, within: w }) => `${observable} ${Math.max(w.same, w.opposite)} of ${w.pairs}`).join(', ');
  return `${verdict}: ${compared.map(tell).join(', ')}; control H·r ${control.rho === null ? 'none' : signed(control.rho)}. Pairs of one width that they order one way: ${within}.`;
}

function signed(x: number): string {
  return `${x > 0 ? '+' : ''}${x.toFixed(3)}`;
}

export function rrrTable(cells: readonly RrrCell[], correlations: readonly Correlation[]): string[][] {
  const number = (x: number | null) => (x === null ? '–' : x === 0 ? '0' : Math.abs(x) < 1e-3 ? x.toExponential(2) : x.toPrecision(4));
  const llc = ({ llc: value, standardError }: { llc: number | null; standardError: number | null }) => (value === null ? 'diverged' : `${value.toFixed(2)} ± ${standardError!.toFixed(2)}`);
  const pairs = ({ same, opposite, pairs: all }: Ordering) => `${same}:${opposite} of ${all}`;
  const rho = (x: number | null) => (x === null ? '–' : signed(x));
  const rows = [
    ['H, r', 'λ', 'LLC', 'LLC/λ', 'ε', 'accepted', 'passes', 'unadjusted', 'H·r', 'σ_min(X_h1)', 'σ_min(X_h2)', 'λ⁺_min(G_h1)', 'λ⁺_min(G_h2)', 'log det⁺(G_h1)', 'log det⁺(G_h2)'],
    ...cells.map((c) => {
      const { h1, h2 } = c.observables;
      const values = [h1.sigmaMin, h2.sigmaMin, h1.lambdaPlusMin, h2.lambdaPlusMin, h1.logDetPlus, h2.logDetPlus].map(number);
      return [`${c.H}, ${c.r}`, c.exactLambda, llc(c), c.recovery?.toFixed(4) ?? '–', `${c.step}`, c.acceptance?.toFixed(2) ?? '–', c.passes.toPrecision(3), llc(c.plain), `${c.capacity}`, ...values];
    }),
    ['', '', '', '', '', '', '', '', '', '', '', '', '', '', ''],
    ['orders λ', 'ρ', 'paper', 'pairs of one H (same:opposite)', 'of different H', '', '', '', '', '', '', '', '', '', ''],
    ...correlations.map((c) => [c.observable, rho(c.rho), c.paper === null ? '–' : rho(c.paper), pairs(c.within), pairs(c.across), '', '', '', '', '', '', '', '', '', '']),
  ];
  return rows;
}

export function rrrPlots(cells: readonly RrrCell[]): ExperimentPlot[] {
  const lambda = cells.map((c) => c.lambda);
  const labels = cells.map((c) => `H = ${c.H}, r = ${c.r}`);
  const ends = [Math.min(...lambda) - 1, Math.max(...lambda) + 1];
  const signature = (name: string, of: (c: RrrCell) => number | null) => ({ name, x: lambda, y: cells.map((c) => of(c) || null), labels, mark: 'points' as const });
  return [
    {
      title: 'LLC against the closed form',
      x: { title: 'λ', log: false },
      y: { title: 'LLC', log: false },
      series: [
        { name: 'LLC = λ', x: ends, y: ends, mark: 'dashed' },
        { name: 'adjusted, calibrated', x: lambda, y: cells.map((c) => c.llc), error: cells.map((c) => c.standardError), labels, mark: 'points' },
        { name: 'unadjusted', x: lambda, y: cells.map((c) => c.plain.llc), error: cells.map((c) => c.plain.standardError), labels, mark: 'points' },
      ],
    },
    {
      title: 'Observables against the closed form',
      x: { title: 'λ', log: false },
      y: { title: 'observable (0 is not shown)', log: true },
      series: [
        signature('σ_min(X_h1)', (c) => c.observables.h1.sigmaMin),
        signature('σ_min(X_h2)', (c) => c.observables.h2.sigmaMin),
        signature('λ⁺_min(G_h1)', (c) => c.observables.h1.lambdaPlusMin),
        signature('λ⁺_min(G_h2)', (c) => c.observables.h2.lambdaPlusMin),
      ],
    },
  ];
}
