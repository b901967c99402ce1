/** The bridge in one table: of each regime, depth and side the layer that is farthest from theory. */
import type { Control } from './control';
import { REGIME_TITLES } from './plots';
import type { BridgeSlopes } from './slopes';
import type { Regime } from './trajectory';

/** Slope ratios at r = 2, 3, 4 (paper A, abstract), pooled over seven configurations under SGD. */
const PAPER = '2.0, 3.1, 4.0';

export interface Correlations {
  readonly depth: number;
  readonly regime: Regime;
  /** Over trajectories and layers. */
  readonly least: number;
  readonly mean: number;
}

/** The largest |ratio - r|. */
export function ratioError({ ratios }: BridgeSlopes): number {
  return Math.max(0, ...Object.entries(ratios).map(([r, ratio]) => Math.abs(ratio - Number(r))));
}

export function bridgeTable(entries: readonly BridgeSlopes[], correlations: readonly Correlations[]): string[][] {
  const header = [
    'run', 'L', 'side', 'ratio r = 2', 'r = 3', 'r = 4', 'paper', 'rate of one, worst layer', 'theory', 'smallest eigenvalue over r', 'correlation', 'regime',
  ];
  const keys = [...new Set(entries.map((e) => `${e.regime} ${e.depth} ${e.side}`))];
  return [
    header,
    ...keys.map((key) => {
      const own = entries.filter((e) => `${e.regime} ${e.depth} ${e.side}` === key);
      const worst = own.reduce((a, b) => (ratioError(b) > ratioError(a) ? b : a));
      const off = own.reduce((a, b) => (b.rateError > a.rateError ? b : a));
      const rates = Object.entries(off.slopes).map(([r, slope]) => slope / Number(r));
      const far = rates.reduce((a, b) => (Math.abs(b - off.theory) > Math.abs(a - off.theory) ? b : a));
      const tie = correlations.find((c) => c.regime === worst.regime && c.depth === worst.depth)!;
      return [
        REGIME_TITLES[worst.regime],
        `${worst.depth}`,
        worst.side,
        ...['2', '3', '4'].map((r) => worst.ratios[r]?.toFixed(3) ?? '–'),
        PAPER,
        `${far.toFixed(3)} (layer ${off.layer})`,
        off.theory.toFixed(3),
        `within ${Math.max(...own.map((e) => e.blindness)).toFixed(3)}`,
        tie.least.toFixed(5),
        own.some((e) => e.exponential > 0) ? `${own.reduce((n, e) => n + e.exponential, 0)} runs exponential` : 'power law',
      ];
    }),
  ];
}

/** What came out, with the worst figure of each kind over all layers, sides and depths. */
export function bridgeSummary(entries: readonly BridgeSlopes[], correlations: readonly Correlations[], control: Control): string {
  const regimes = [...new Set(entries.map((e) => e.regime))];
  const worst = regimes.map((regime) => {
    const own = entries.filter((e) => e.regime === regime);
    const least = Math.min(...correlations.filter((c) => c.regime === regime).map((c) => c.least));
    return `${REGIME_TITLES[regime]}: slope ratios within ${most(own.map(ratioError))} of r, rates within ${most(own.map((e) => e.rateError))} of theory, the smallest eigenvalue's slope the same for every r within ${most(own.map((e) => e.blindness))}, correlation at least ${least.toFixed(5)}`;
  });
  const died = `An unbalanced start (gap ${control.imbalance.toFixed(2)}) is recognised as ${control.decay === 'exponential' ? 'an exponential' : 'a power law'}: rate ${control.rate.toFixed(4)}, predicted ${control.predicted.toFixed(4)}; no slope is read off it.`;
  const counts = entries.every((e) => ratioError(e) <= ALLOWED[e.regime]);
  const claim = counts ? 'The slope of log det+ counts the dead directions, the smallest eigenvalue does not.' : 'The slope of log det+ does not count the dead directions everywhere.';
  return `${claim} Largest deviations: ${worst.join('; ')}. ${died}`;
}

/** Deviations of a ratio from r under which the claim comes out: what is exact but for the fit, and five seeds of a noisy run. */
const ALLOWED: Readonly<Record<BridgeSlopes['regime'], number>> = { path: 0.03, flow: 0.03, sgd: 0.15 };

const most = (values: readonly number[]) => Math.max(...values).toFixed(3);
