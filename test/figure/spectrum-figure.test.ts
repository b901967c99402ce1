import { describe, expect, it } from 'vitest';
import { plain } from '../../src/figure/figure';
import { spectrumFigure } from '../../src/figure/spectrum-figure';
import { sparkline } from '../../src/figure/sparkline';
import { fakeSpectrum } from '../view/fake-client';
import { theme } from './theme';

const view = { scale: 'relative', index: 'linear', range: null } as const;
const layer = { name: 'W', width: 20, rank: 15 };

interface Trace {
  name: string;
  x: number[];
  y: number[];
  marker: { color: string; symbol: string };
}
const traces = (figure: { data: unknown[] }) => figure.data as Trace[];
const texts = (figure: { layout: Record<string, unknown> }) =>
  (figure.layout.annotations as { text: string }[]).map((a) => a.text);

describe('spectrumFigure', () => {
  it('draws live eigenvalues in the colour of their side and dead ones grey, each once', () => {
    const spectrum = fakeSpectrum(layer, 'gradient');
    const [live, dead] = traces(spectrumFigure({ spectra: [spectrum], view, threshold: 0, theme }));
    expect(live!.x).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
    expect(live!.y[3]).toBeCloseTo(spectrum.eigenvalues[3]! / spectrum.eigenvalues[0]!, 12);
    expect(live!.marker).toMatchObject({ color: theme.fisher, symbol: 'square' });
    expect(dead!.x).toEqual([16, 17, 18, 19, 20]);
    expect(dead!.marker).toMatchObject({ color: theme.dead, symbol: 'square-open' });
  });

  it('draws the values themselves on the absolute scale', () => {
    const spectrum = fakeSpectrum(layer, 'activation');
    const [live] = traces(spectrumFigure({ spectra: [spectrum], view: { ...view, scale: 'absolute' }, threshold: 0, theme }));
    expect(live!.y).toEqual(spectrum.eigenvalues.slice(0, 15));
  });

  it('names the floor with its value and draws its band from the lower edge up to it', () => {
    const spectrum = fakeSpectrum(layer, 'activation');
    const figure = spectrumFigure({ spectra: [spectrum], view, threshold: 0, theme });
    expect(texts(figure)).toContainEqual(expect.stringContaining('1.6e-15'));
    const band = (figure.layout.shapes as { type: string; y0: number; y1: number }[]).find((s) => s.type === 'rect')!;
    const range = (figure.layout.yaxis as { range: [number, number] }).range;
    expect(band.y1 / (spectrum.floor / spectrum.eigenvalues[0]!)).toBeCloseTo(1, 12);
    expect(Math.log10(band.y0)).toBeCloseTo(range[0], 12);
    expect(range[0]).toBeLessThan(Math.log10(band.y1));
  });

  it('marks rank and deficit, and says when samples are what limits them', () => {
    expect(texts(spectrumFigure({ spectra: [fakeSpectrum(layer, 'gradient')], view, threshold: 0, theme }))).toContain(
      'rank 15 · deficit 5',
    );
    expect(texts(spectrumFigure({ spectra: [fakeSpectrum(layer, 'gradient', 15)], view, threshold: 0, theme }))).toContain(
      'rank 15 · deficit 5, limited by samples',
    );
    const whole = spectrumFigure({ spectra: [fakeSpectrum({ ...layer, rank: 20 }, 'gradient')], view, threshold: 0, theme });
    expect(texts(whole).join()).not.toContain('deficit');
  });

  it('draws a cut where the person put it', () => {
    const figure = spectrumFigure({ spectra: [fakeSpectrum(layer, 'gradient')], view, threshold: 1e-4, theme });
    expect(texts(figure)).toContain('your cut, 1.0e-4 of the largest');
    expect(
      (figure.layout.shapes as { y0: number; y1: number }[]).some((s) => s.y0 === s.y1 && Math.abs(s.y0 / 1e-4 - 1) < 1e-12),
    ).toBe(true);
  });

  it('keeps zeros, negative roundoff and empty taps on the page', () => {
    const zero = {
      ...fakeSpectrum(layer, 'activation'),
      eigenvalues: [0, 0, -1e-30],
      rank: 0,
      deficit: 3,
      dimension: 3,
      floor: 0,
    };
    const figure = spectrumFigure({ spectra: [zero], view, threshold: 0, theme });
    expect(traces(figure)[0]!.y.every((y) => y > 0 && Number.isFinite(y))).toBe(true);
    const empty = { ...zero, eigenvalues: [], dimension: 0, deficit: 0 };
    expect(spectrumFigure({ spectra: [empty], view, threshold: 0, theme }).data).toEqual([]);
  });

  it('keeps a zoom', () => {
    const range = { x: [1, 2] as [number, number], y: [-3, -1] as [number, number] };
    const { layout } = spectrumFigure({
      spectra: [fakeSpectrum(layer, 'gradient')],
      view: { ...view, range },
      threshold: 0,
      theme,
    });
    expect((layout.xaxis as { range: unknown }).range).toEqual([1, 2]);
    expect((layout.yaxis as { range: unknown }).range).toEqual([-3, -1]);
  });

  it('never hands markup, math or templates of a file to plotly', () => {
    const name = '<a href="https://evil.example">$\\x$</a>%{y}&lt;';
    const figure = spectrumFigure({
      spectra: [fakeSpectrum({ ...layer, name }, 'gradient')],
      view,
      threshold: 0,
      theme,
      title: name,
    });
    const text = JSON.stringify(figure);
    expect(text).not.toContain('<a');
    expect(text).not.toContain('$\\');
    expect(plain(name)).toBe('&lt;a href="https://evil.example"&gt;&#36;\\x&#36;&lt;/a&gt;%&#123;y}&amp;lt;');
  });
});

describe('sparkline', () => {
  it('spans the unit square, dead dots at the bottom', () => {
    const dots = sparkline({ eigenvalues: [1, 1e-2, 1e-4, 1e-20], rank: 3 }, 10);
    expect(dots.map((d) => d.dead)).toEqual([false, false, false, true]);
    expect(dots[0]).toMatchObject({ x: 0, y: 0 });
    expect(dots[1]!.y).toBeCloseTo(dots[2]!.y / 2, 12);
    expect(dots[3]).toMatchObject({ x: 1, y: 1 });
  });
  it('takes eigenvalues of a long spectrum, not averages', () => {
    const eigenvalues = Array.from({ length: 1000 }, (_, i) => 10 ** (-i / 100));
    const dots = sparkline({ eigenvalues, rank: 1000 }, 20);
    expect(dots).toHaveLength(20);
    expect(dots.every((d) => Math.abs(d.y - 0.85 * d.x) < 1e-9)).toBe(true);
  });
  it('draws nothing of nothing', () => expect(sparkline({ eigenvalues: [], rank: 0 }, 10)).toEqual([]));
});
