/** Experiments without an engine: one recipe with every kind of field, and its record with every kind of plot. */
import type { ExperimentOrder } from '../../src/analysis/experiment-order';
import type { ExperimentRecord, ExperimentSummary } from '../../src/analysis/experiment-record';

export const fakeSummary: ExperimentSummary = {
  name: 'slopes',
  title: 'slopes that count',
  claim: 'The slope of log det+ counts dead directions (a paper, 0000.00000).',
  fields: [
    { key: 'ranks', label: 'ranks', small: [1, 2], full: [1, 2, 3, 4], least: 1, most: 8, integer: true },
    { key: 'epochs', label: 'epochs', small: 20, full: 2000, least: 1, most: 100_000, integer: true },
    { key: 'rate', label: 'learning rate', small: 0.05, full: 0.05, least: 1e-6, most: 1, integer: false },
  ],
};

export const otherSummary: ExperimentSummary = { name: 'cells', title: 'orders', claim: 'Orders are invariant.', fields: [] };

export function fakeRecord({ size = 'small', changes = {}, seed = 0 }: Partial<ExperimentOrder> = {}): ExperimentRecord {
  const { name, title, claim, fields } = fakeSummary;
  const protocol = Object.fromEntries(fields.map((f) => [f.key, changes[f.key] ?? f[size]]));
  const ranks = protocol.ranks as number[];
  return {
    kind: 'deadreckon-experiment',
    schema: 1,
    name,
    title,
    claim,
    protocol,
    seed,
    ratios: Object.fromEntries(ranks.map((r) => [r, r])),
    table: [['rank', 'slope', 'paper'], ...ranks.map((r) => [String(r), `${r}.01 ± 0.02`, `${r}.0`])],
    summary: `${ranks.length} of ${ranks.length} slopes are those of the paper.`,
    plots: [
      {
        title: 'log det+ against distance',
        x: { title: 'distance', log: true },
        y: { title: 'log det+', log: false },
        series: [
          { name: 'rank 1', x: [1e-4, 1e-3, 1e-2, 1e-1], y: [-9, -7, null, -2], error: [0.5, null, 0.2, 0.1], labels: ['first', 'b', 'c', 'last'], mark: 'points' },
          { name: 'rank 2', x: [1e-4, 1e-1], y: [-18, -4], mark: 'line' },
          { name: 'theory, rank 1', x: [1e-4, 1e-1], y: [-9.2, -2.3], mark: 'dashed' },
          { name: 'theory, rank 2', x: [1e-4, 1e-1], y: [-18.4, -4.6], mark: 'dashed' },
        ],
      },
    ],
    provenance: { app: 'deadreckon 0.1.0', backend: 'cpu-f64', device: 'CPU, float64', seconds: 1.25 },
  };
}
