import type { Direction } from '../../src/analysis/directions-schema';

/** F = c t^(2(k-1)) and KL = c t^(2k) / (2 k^2) on 25 steps from 1e-3 to 1. */
export function fakeSweep(order: number, floor = 1e-24): NonNullable<Direction['sweep']> {
  const points = Array.from({ length: 25 }, (_, i) => {
    const t = 1e-3 * 1000 ** (i / 24);
    const fisher = 0.3 * t ** (2 * (order - 1));
    return { t, fisher, divergence: (fisher * t * t) / (2 * order * order), estimate: order };
  });
  const slope = 2 * (order - 1);
  return { points, floor, window: [points[0]!.t, points[18]!.t], slope, interval: [slope - 0.01, slope + 0.01], order, estimate: order };
}

/** A direction of the given verdict; of order 2 where it is singular, curved where it is flat. */
export function fakeDirection(changes: Partial<Direction> = {}): Direction {
  const verdict = changes.verdict ?? 'singular';
  const order = verdict === 'singular' ? 2 : verdict === 'regular' ? 1 : null;
  const size = (j: number) => (order !== null && j === order ? 0.25 : 1e-15);
  return {
    detector: 'dead-unit',
    layer: '0',
    note: 'unit 3, incoming and outgoing weights zero',
    lineOrder: order ?? 2,
    order,
    verdict,
    coefficient: verdict === 'unresolved' ? null : order === null ? 0 : 1 / (2 * order),
    magnitude: order === null ? null : size(order),
    evidence: `Evidence of ${verdict}.`,
    obstructions: [1, 2, 3].map((j) => ({ order: j, line: j === 2 ? 0.5 : 0, lifted: order !== null && j > order ? null : size(j) })),
    sweep: fakeSweep(order ?? 2),
    ...changes,
  };
}
