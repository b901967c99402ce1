import { describe, expect, it } from 'vitest';
import { obstructionFigure } from '../../src/figure/obstruction-figure';
import { slopeWords, sweepFigure } from '../../src/figure/sweep-figure';
import { fakeDirection, fakeSweep } from '../view/fake-directions';
import { theme } from './theme';

interface Trace {
  name: string;
  x: number[];
  y: number[];
  text: string[];
  line: { dash?: string };
  marker: { color: string; symbol: string | string[] };
}
type Figure = { data: unknown[]; layout: Record<string, unknown> };
const trace = (figure: Figure, name: string) => (figure.data as Trace[]).find((t) => t.name === name);
const texts = (figure: Figure) => (figure.layout.annotations as { text: string }[]).map((a) => a.text);
const axis = (figure: Figure, name: 'xaxis' | 'yaxis') => figure.layout[name] as { type: string; range: [number, number] };

const draw = (changes = {}, title?: string) => {
  const direction = fakeDirection(changes);
  return sweepFigure({ direction: { verdict: direction.verdict, sweep: direction.sweep! }, theme, title });
};

describe('sweepFigure', () => {
  it('is log-log, with points of the window filled in the colour of the verdict and the rest open', () => {
    const figure = draw();
    const sweep = fakeSweep(2);
    expect([axis(figure, 'xaxis').type, axis(figure, 'yaxis').type]).toEqual(['log', 'log']);
    const inside = trace(figure, 'F_u, in the window')!;
    expect(inside.x).toEqual(sweep.points.slice(0, 19).map((p) => p.t));
    expect(inside.y).toEqual(sweep.points.slice(0, 19).map((p) => p.fisher));
    expect(inside.marker).toMatchObject({ color: theme.singular, symbol: 'diamond' });
    const outside = trace(figure, 'F_u, not fitted')!;
    expect(outside.x).toHaveLength(6);
    expect(outside.marker).toMatchObject({ color: theme.dead, symbol: 'diamond-open' });
  });

  it('draws the fitted line through the points over the window, and says the slope with its interval', () => {
    const figure = draw();
    const line = trace(figure, 'fit')!;
    expect(line.x).toEqual(fakeSweep(2).window);
    line.x.forEach((t, i) => expect(line.y[i]! / (0.3 * t ** 2)).toBeCloseTo(1, 10));
    expect(texts(figure)).toContain('slope 2.000, 1.990 to 2.010: order 2 on the line');
    const uprights = (figure.layout.shapes as { type: string; x0: number; yref?: string }[]).filter((s) => s.yref === 'paper');
    expect(uprights.map((s) => s.x0)).toEqual(fakeSweep(2).window);
  });

  it('draws the divergence of the same line, dotted', () => {
    const kl = trace(draw(), 'KL')!;
    expect(kl.line.dash).toBe('dot');
    expect(kl.y[12]).toBeCloseTo(fakeSweep(2).points[12]!.divergence, 14);
  });

  it('draws the floor as a named band in sight', () => {
    const figure = draw();
    const band = (figure.layout.shapes as { type: string; y0: number; y1: number }[]).find((s) => s.type === 'rect')!;
    expect(band.y1).toBe(1e-24);
    expect(Math.log10(band.y0)).toBeCloseTo(axis(figure, 'yaxis').range[0], 12);
    expect(Math.log10(band.y0)).toBeLessThan(-24);
    expect(texts(figure).join()).toContain('1.0e-24');
  });

  it('has neither fit nor window where there is no slope, and says why', () => {
    const points = fakeSweep(2).points.map((p) => ({ ...p, fisher: 0, divergence: 0, estimate: null }));
    const sweep = { ...fakeSweep(2), points, window: null, slope: null, interval: null, order: null, estimate: null };
    const figure = draw({ verdict: 'flat fibre', sweep });
    expect(trace(figure, 'fit')).toBeUndefined();
    expect(trace(figure, 'F_u, in the window')).toBeUndefined();
    expect(slopeWords(sweep)).toContain('at the floor along the whole line');
    expect(slopeWords({ ...sweep, points: fakeSweep(2).points.slice(-3) })).toContain('too few points');
    // What a log axis cannot show lies on its lower edge, inside the picture.
    const [low, high] = axis(figure, 'yaxis').range;
    const drawn = trace(figure, 'F_u, not fitted')!;
    expect(drawn.y.every((y) => Math.log10(y) > low && Math.log10(y) < high)).toBe(true);
    expect(drawn.text[0]).toContain('roundoff');
  });

  it('says it where the interval holds no whole order', () => {
    expect(slopeWords({ ...fakeSweep(2), slope: 1.5, interval: [1.4, 1.6], order: null })).toBe('slope 1.500, 1.400 to 1.600: no single whole order');
  });

  it('escapes names in titles', () => {
    const { text } = (draw({}, 'W<b>$x$ %{y}').layout.title as { text: string });
    expect(text).toBe('W&lt;b&gt;&#36;x&#36; %&#123;y}');
  });
});

describe('obstructionFigure', () => {
  const figure = obstructionFigure({ direction: fakeDirection(), theme });

  it('draws both sizes by order, and zeros open on the lower edge', () => {
    const line = trace(figure, 'straight line')!;
    expect(line.x).toEqual([1, 2, 3]);
    expect(line.y[1]).toBe(0.5);
    expect(line.marker.symbol).toEqual(['triangle-up-open', 'triangle-up', 'triangle-up-open']);
    expect(line.text[0]).toContain('exactly 0');
    expect(Math.log10(line.y[0]!)).toBeGreaterThan(axis(figure, 'yaxis').range[0]);
    expect(axis(figure, 'yaxis').type).toBe('log');
  });

  it('ends the arc where it ended, and marks its order', () => {
    const arc = trace(figure, 'arc')!;
    expect(arc.x).toEqual([1, 2]);
    expect(arc.y).toEqual([1e-15, 0.25]);
    expect(arc.marker.color).toBe(theme.singular);
    expect(figure.layout.shapes).toMatchObject([{ x0: 2, x1: 2 }]);
    expect(obstructionFigure({ direction: fakeDirection({ verdict: 'gauge' }), theme }).layout.shapes).toEqual([]);
  });
});
