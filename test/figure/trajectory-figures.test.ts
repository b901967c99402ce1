import { describe, expect, it } from 'vitest';
import { readingAlong } from '../../src/analysis/path-readings';
import { fitAll } from '../../src/analysis/slopes';
import { readingsFigure } from '../../src/figure/trajectory-readings';
import { slopesFigure } from '../../src/figure/trajectory-slopes';
import { fakeLayers } from '../view/fake-client';
import { fakeTrajectory } from '../view/fake-trajectory';
import { theme } from './theme';

const cut = { threshold: 0, digits: null };
const layers = fakeLayers.slice(0, 3);
const trajectory = fakeTrajectory(layers, { kind: 'run', members: Array.from({ length: 8 }, (_, i) => ({ id: `${i}`, step: i })), reference: null });
const fits = fitAll(trajectory, 'log distance', null, cut);
const lines = fits.filter((f) => f.side === 'activation').map((fit) => ({ fit, values: readingAlong(trajectory, 'logDetPlus', fit, cut) }));

interface Trace {
  name: string;
  x: number[];
  y: number[];
  opacity?: number;
}

describe('readings along the way', () => {
  it('the selected layer on top with its fit, distances falling to the right, no point without a place', () => {
    const figure = readingsFigure({ trajectory, axis: 'log distance', reading: 'logDetPlus', lines, selected: layers[1]!.name, at: 2, theme });
    const data = figure.data as unknown as Trace[];
    expect(data).toHaveLength(4);
    expect(data[2]).toMatchObject({ name: layers[1]!.name, opacity: 1 });
    // The last point is the reference itself: it has no logarithm.
    expect(data[2]!.x).toEqual([1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625]);
    expect(figure.layout.xaxis).toMatchObject({ type: 'log', autorange: 'reversed' });
    const fit = data[3]!;
    expect(fit.name).toBe('fit');
    expect((fit.y[1]! - fit.y[0]!) / (Math.log(fit.x[1]!) - Math.log(fit.x[0]!))).toBeCloseTo(4, 8);
    for (const [i, x] of fit.x.entries()) expect(fit.y[i]).toBeCloseTo(data[2]!.y[data[2]!.x.findIndex((v) => Math.abs(v - x) < 1e-12)]!, 8);
    expect(figure.layout.shapes).toHaveLength(2);
  });

  it('names from files are text', () => {
    const named = lines.map((l) => ({ ...l, fit: { ...l.fit, layer: '<b>%{x}$' } }));
    const text = JSON.stringify(readingsFigure({ trajectory, axis: 'step', reading: 'logDetPlus', lines: named, selected: null, at: null, theme }).data.map((d) => [d.name, d.text]));
    expect(text).not.toContain('<b>');
    expect(text).not.toContain('%{x}');
  });
});

describe('slope against rank deficit', () => {
  it('points at r, bars where they should be, and the smallest eigenvalue blind to r', () => {
    const ratio = slopesFigure({ fits, quantity: 'ratio', selected: layers[0]!.name, theme });
    const all = (ratio.data as unknown as Trace[]).flatMap((t) => t.y);
    expect(all).toHaveLength(6);
    for (const y of all) expect(y).toBeCloseTo(2, 8);
    expect(ratio.layout.shapes).toEqual([expect.objectContaining({ y0: 2, y1: 2 })]);
    const smallest = slopesFigure({ fits, quantity: 'smallest', selected: null, theme });
    for (const y of (smallest.data as unknown as Trace[]).flatMap((t) => t.y)) expect(y).toBeCloseTo(2, 8);
    expect(smallest.layout.shapes).toEqual([]);
  });
});
