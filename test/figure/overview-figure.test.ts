import { describe, expect, it } from 'vitest';
import { overviewFigure } from '../../src/figure/overview-figure';
import { fakeLayers, fakeReport, fakeSpectrum } from '../view/fake-client';
import { theme } from './theme';

const { layers } = fakeReport();
const spectra = new Map(fakeLayers.map((l) => [l.name, [fakeSpectrum(l, 'activation'), fakeSpectrum(l, 'gradient')]]));
const input = { layers, spectra, sides: ['gradient', 'activation'] as const, selected: 'blocks.0.mlp.W_in', theme };

describe('overviewFigure', () => {
  it('draws one point per layer and side, with its uncertainty and its name for clicks', () => {
    const { data, layout } = overviewFigure({ kind: 'logDetPlus', ...input });
    expect(data).toHaveLength(2);
    const gradient = data[0] as { y: number[]; customdata: string[]; error_y: { array: number[] } };
    expect(gradient.customdata).toEqual(fakeLayers.map((l) => l.name));
    expect(gradient.y[5]).toBe(spectra.get('blocks.0.mlp.W_in')![1]!.readings.find((r) => r.name === 'logDetPlus')!.value);
    expect(gradient.error_y.array[0]).toBe(0.4);
    expect((layout.shapes as { x0: number; x1: number }[])[0]).toMatchObject({ x0: 4.5, x1: 5.5 });
  });

  it('leaves out layers that are not there yet', () => {
    const some = new Map([...spectra].slice(0, 3));
    const { data } = overviewFigure({ kind: 'deficit', ...input, spectra: some });
    expect((data[0] as { x: number[] }).x).toEqual([0, 1, 2]);
  });

  it('shows eigenvalues of the first side in the heatmap, nothing where they are dead', () => {
    const { data } = overviewFigure({ kind: 'heatmap', ...input });
    const { z } = data[0] as { z: (number | null)[][] };
    expect(z[0]!.every((v) => v === 0)).toBe(true);
    expect(z.at(-1)![5]).toBeNull();
    const full = spectra.get('embed.W_E')![1]!.eigenvalues;
    expect(z.at(-1)![0]).toBeCloseTo(Math.log10(full.at(-1)! / full[0]!), 9);
  });

  it('draws a window of thousands of layers around the selected one', () => {
    const many = Array.from({ length: 3000 }, (_, i) => ({ name: `l${i}`, kind: 'linear', width: 4, activation: 'linear' }));
    const { layout } = overviewFigure({ kind: 'deficit', ...input, layers: many, spectra: new Map(), selected: 'l2000' });
    expect((layout.xaxis as { title: { text: string } }).title.text).toBe('layers 1801 to 2200 of 3000');
  });
});
