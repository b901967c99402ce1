/** The bridge in pictures: readings on their way, slopes against the number of dead directions, and the structural correlation. */
import type { ExperimentPlot } from '../../analysis/experiment-record';
import type { BridgeSlopes, TapSlopes } from './slopes';
import type { Regime } from './trajectory';

export const REGIME_TITLES: Readonly<Record<Regime, string>> = { path: 'analytic path', flow: 'gradient flow', sgd: 'noisy SGD' };

/** Activation side of the first hidden layer, one run for each number of dead directions, with its fit. */
export function readingsPlot(regime: Regime, depth: number, taps: readonly TapSlopes[]): ExperimentPlot {
  const shown = taps.filter((t, i) => {
    const same = (other: TapSlopes) => other.side === 'activation' && other.layer === 1 && other.deficit === t.deficit && other.volume !== null;
    return same(t) && taps.findIndex(same) === i;
  });
  return {
    title: `log det+ along the ${REGIME_TITLES[regime]}, L = ${depth}, after layer 1`,
    x: { title: regime === 'path' ? 'distance t to the singular set' : 'time', log: true },
    y: { title: 'log det+', log: false },
    series: shown.flatMap(({ deficit, moments, volumes, volume }) => {
      const x = [...moments];
      const name = `r = ${deficit}, slope ${volume!.slope.toFixed(2)}`;
      return [
        { name, x, y: [...volumes], mark: 'points' as const },
        { name, x, y: x.map((t) => volume!.intercept + volume!.slope * Math.log(t)), mark: 'line' as const },
      ];
    }),
  };
}

/** Slopes in units of what one dead direction should have, means over layers and sides: log det+ counts, the smallest eigenvalue does not. */
export function slopesPlot(regime: Regime, entries: readonly BridgeSlopes[]): ExperimentPlot {
  const depths = [...new Set(entries.map((e) => e.depth))];
  const deficits = Object.keys(entries[0]?.slopes ?? {}).map(Number);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const counts = depths.map((depth) => {
    const own = entries.filter((e) => e.depth === depth);
    const multiples = (pick: (e: BridgeSlopes, r: number) => number) => deficits.map((r) => mean(own.map((e) => pick(e, r) / Math.abs(e.theory))));
    return {
      depth,
      volume: multiples((e, r) => e.slopes[r]! * Math.sign(e.theory)),
      error: multiples((e, r) => e.errors[r]!),
      least: multiples((e, r) => e.smallest[r]! * Math.sign(e.theory)),
    };
  });
  return {
    title: `Slopes against the number of dead directions, ${REGIME_TITLES[regime]}`,
    x: { title: 'dead directions r', log: false },
    y: { title: 'slope / predicted slope of one direction', log: false },
    series: [
      ...counts.map(({ depth, volume, error }) => ({ name: `log det+, L = ${depth}`, x: deficits, y: volume, error, mark: 'points' as const })),
      ...counts.map(({ depth, least }) => ({ name: `smallest eigenvalue, L = ${depth}`, x: deficits, y: least, mark: 'points' as const })),
      { name: 'predicted: r', x: deficits, y: deficits, mark: 'dashed' },
      { name: 'predicted: 1', x: deficits, y: deficits.map(() => 1), mark: 'dashed' },
    ],
  };
}

/** The two readings that theorem 2 of paper A ties together, at every moment of every run, layer 1. */
export function correlationPlot(depth: number, runs: readonly { regime: Regime; taps: readonly TapSlopes[] }[]): ExperimentPlot {
  return {
    title: `Smallest gradient eigenvalue against smallest singular value, L = ${depth}, layer 1`,
    x: { title: 'sigma_min(X)^2 / N', log: true },
    y: { title: 'lambda+_min(G)', log: true },
    series: runs.map(({ regime, taps }) => {
      const pairs = taps.flatMap((a, i) => {
        const g = taps.find((t, j) => j > i && t.side === 'gradient' && t.layer === 1);
        if (a.side !== 'activation' || a.layer !== 1 || g === undefined) return [];
        const both = Math.min(a.smallest.length, g.smallest.length);
        return a.smallest.slice(0, both).map((x, k) => ({ x, y: g.smallest[k]!, label: `r = ${a.deficit}, t = ${a.moments[k]!.toPrecision(3)}` }));
      });
      return { name: REGIME_TITLES[regime], x: pairs.map((p) => p.x), y: pairs.map((p) => p.y), labels: pairs.map((p) => p.label), mark: 'points' as const };
    }),
  };
}
