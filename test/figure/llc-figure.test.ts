import { describe, expect, it } from 'vitest';
import { compareLlc } from '../../src/analysis/llc-curve';
import { calibrationFigure, curvePlot, llcTraceFigure, MOST_CHAINS } from '../../src/figure/llc-figure';
import { fakeLlc } from '../view/fake-llc';
import { theme } from './theme';

interface Trace {
  x: number[];
  y: (number | null)[];
  error_y: { array: number[] };
}
interface Layout {
  shapes: { type: string; x0: number; x1: number; y0: number; fillcolor?: string }[];
  xaxis: { range: number[] };
  annotations: { x: number; text: string }[];
}

describe('the traces', () => {
  it('put every block where it was, shade the burn-in and mark the LLC over the draws', () => {
    const record = fakeLlc({ burnIn: 200, draws: 600 });
    const { data, layout } = llcTraceFigure({ record, theme });
    const traces = data as unknown as Trace[];
    expect(traces).toHaveLength(4);
    expect([traces[0]!.x[0], traces[0]!.x[19], traces[0]!.x[20], traces[0]!.x.at(-1)]).toEqual([5, 195, 205, 795]);
    expect(traces[1]!.y).toEqual([...record.chains[1]!.opening.means, ...record.chains[1]!.trace.means]);
    const { shapes, xaxis } = layout as unknown as Layout;
    expect(shapes).toMatchObject([{ type: 'rect', x0: 0, x1: 200, fillcolor: theme.band }, { type: 'line', x0: 200, x1: 800, y0: 4 }]);
    expect(xaxis.range).toEqual([0, 800]);
  });

  it('draw some of very many chains, and no level where there is no value', () => {
    const record = { ...fakeLlc({ chains: 40, burnIn: 0 }), llc: null };
    const { data, layout } = llcTraceFigure({ record, theme });
    expect(data).toHaveLength(MOST_CHAINS);
    expect((layout as unknown as Layout).shapes).toEqual([]);
  });
});

describe('the calibration', () => {
  it('has every step with its error, and a mark at the chosen one', () => {
    const { data, layout } = calibrationFigure({ record: fakeLlc(), theme })!;
    const [trace] = data as unknown as Trace[];
    expect([trace!.x, trace!.y, trace!.error_y.array]).toEqual([[1, 2, 4], [4, 4, 6], [0.1, 0.1, 0.1]]);
    const { shapes, annotations } = layout as unknown as Layout;
    expect([shapes[0]!.x0, annotations[0]!.x, annotations[0]!.text]).toEqual([2, Math.log10(2), 'chosen']);
    expect(calibrationFigure({ record: fakeLlc({ step: 1 }), theme })).toBeNull();
  });
});

describe('an imported curve', () => {
  const point = (checkpoint: string, llc: number) => ({ checkpoint, llc, std: 0.5 });

  it('stands against the numbers in the names, with ours where its line is', () => {
    const points = [point('step-400.pt', 9), point('step-200.pt', 5), point('step-100.pt', 2)];
    const plot = curvePlot(points, compareLlc([fakeLlc()], points));
    expect(plot.series).toMatchObject([
      { name: 'imported', x: [100, 200, 400], y: [2, 5, 9], error: [0.5, 0.5, 0.5] },
      { name: 'sampled here', x: [200], y: [4], error: [0.05] },
    ]);
  });

  it('stands in the order of the file where names have no numbers of their own', () => {
    const points = [point('last', 9), point('first', 5)];
    const plot = curvePlot(points, compareLlc([fakeLlc()], points));
    expect(plot.x.title).toBe('line of the file');
    expect(plot.series).toMatchObject([{ x: [1, 2], y: [9, 5] }]);
  });
});
