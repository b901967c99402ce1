/** Fits along trajectories whose eigenvalues are given by formulas. */
import { describe, expect, it } from 'vitest';
import { readingAlong } from '../../src/analysis/path-readings';
import { axesOf, fitPath, multipleOf } from '../../src/analysis/slopes';
import type { Trajectory } from '../../src/analysis/trajectory';
import { studentQuantile } from '../../src/numerics/student-t';
import { chain, traced } from './traced';

interface Step {
  step: number | null;
  distance: number;
  eigenvalues: number[];
}

const FLOOR = 1e-12;
const CUT = { threshold: 0, digits: null };
const TAP = { layer: 'w', side: 'weight' } as const;

/** What fits look at; everything else is left out. */
function along(steps: readonly Step[], path: Trajectory['path'] = 'run'): Trajectory {
  const points = steps.map(({ step, distance, eigenvalues }) => ({
    name: `at ${step}`,
    step,
    distance,
    spectra: [{ tap: TAP, dimension: eigenvalues.length, rows: 1, eigenvalues, floor: FLOOR, digits: 9, noise: { forward: 0, solver: FLOOR / 1e8, digits: 12 }, sampleLimited: false, covers: 'all', readings: [] }],
  }));
  return { path, points } as unknown as Trajectory;
}

const steps = (n: number, f: (t: number) => number[], at = (i: number) => 2 ** i) => Array.from({ length: n }, (_, i) => ({ step: at(i), distance: 1 / at(i), eigenvalues: f(at(i)) }));

describe('slopes', () => {
  it.each([1, 2, 3, 4])('r = %i eigenvalues that die together: the volume falls r times as fast as the smallest', (r) => {
    const t = along(steps(12, (s) => [3, 2, ...Array.from({ length: r }, (_, k) => 0.5 * 0.9 ** k * s ** -1.5)]));
    for (const [axis, sign] of [['log step', -1], ['log distance', 1]] as const) {
      const fit = fitPath(t, TAP, axis, null, CUT);
      expect(fit.volume!.value).toBeCloseTo(sign * 1.5 * r, 10);
      expect(fit.smallest!.value).toBeCloseTo(sign * 1.5, 10);
      expect(fit.ratio!.value).toBeCloseTo(r, 10);
      expect(fit).toMatchObject({ kept: 2 + r, falling: r, died: 0, deficit: 0, law: 'power' });
      expect(multipleOf(fit)).toBe(r);
      expect(fit.rates).toHaveLength(r);
    }
  });

  it('keeps the same number everywhere: the window ends where the first of them reaches the floor', () => {
    const t = along(steps(20, (s) => [1, 0.5 * s ** -3, 0.4 * s ** -3]));
    const fit = fitPath(t, TAP, 'log step', null, CUT);
    const alive = t.points.filter((p) => p.spectra[0]!.eigenvalues[2]! > FLOOR).length;
    expect(alive).toBeLessThan(16);
    expect(fit).toMatchObject({ window: [0, alive - 1], kept: 3, died: 2, deficit: 2 });
    expect(fit.volume!.value).toBeCloseTo(-6, 10);
    expect(fit.ratio!.value).toBeCloseTo(2, 10);
    // Over all points only the living one would be left, which stands still: log det+ must not jump.
    const whole = fitPath(t, TAP, 'log step', [0, 19], CUT);
    expect(whole).toMatchObject({ kept: 1, ratio: null });
    expect(whole.volume!.value).toBeCloseTo(0, 12);
    const readings = readingAlong(t, 'logDetPlus', fit, CUT).map((p) => p.value);
    expect(readings.slice(0, alive).every((v) => v !== null)).toBe(true);
    expect(readings.slice(alive)).toEqual(new Array(20 - alive).fill(null));
  });

  it('what was dead from the start is deficit, but no multiple', () => {
    const t = along(steps(10, (s) => [1, 0.5 / s, 0]));
    expect(fitPath(t, TAP, 'log step', null, CUT)).toMatchObject({ kept: 2, deficit: 1, died: 0, falling: 1 });
    const cut = fitPath(t, TAP, 'log step', null, { threshold: 0.002, digits: null });
    expect(cut).toMatchObject({ kept: 2, deficit: 2, died: 1 });
  });

  it('intervals are those of Student t, and the ratio forgets what both share', () => {
    const noise = [0.1, -0.2, 0.15, -0.05, 0.02, -0.12, 0.2, -0.1];
    const t = along(steps(8, (s) => [1, ...[1, 0.5].map((c) => c * s ** -2 * Math.exp(noise[Math.log2(s)]!))]));
    const fit = fitPath(t, TAP, 'log step', null, CUT);
    const x = t.points.map((p) => Math.log(p.step!));
    const y = t.points.map((p) => Math.log(p.spectra[0]!.eigenvalues[2]!));
    const mean = (v: number[]) => v.reduce((a, b) => a + b, 0) / v.length;
    const sxx = x.reduce((s, v) => s + (v - mean(x)) ** 2, 0);
    const slope = x.reduce((s, v, i) => s + (v - mean(x)) * y[i]!, 0) / sxx;
    const scatter = x.reduce((s, v, i) => s + (y[i]! - mean(y) - slope * (v - mean(x))) ** 2, 0);
    expect(fit.smallest!.value).toBeCloseTo(slope, 12);
    expect(fit.smallest!.halfWidth).toBeCloseTo(studentQuantile(0.95, 6) * Math.sqrt(scatter / 6 / sxx), 12);
    // Both eigenvalues carry the same noise: their ratio carries none.
    expect(fit.ratio!.value).toBeCloseTo(2, 10);
    expect(fit.ratio!.halfWidth).toBeLessThan(1e-10);
  });

  it('tells an exponential from a power law, and a bend from a line', () => {
    const exponential = fitPath(along(steps(10, (s) => [1, Math.exp(-0.3 * s)], (i) => 1 + 4 * i)), TAP, 'log step', null, CUT);
    expect(exponential.law).toBe('exponential');
    expect(Math.abs(exponential.halves![0])).toBeLessThan(Math.abs(exponential.halves![1]));
    const power = fitPath(along(steps(10, (s) => [1, s ** -2])), TAP, 'log step', null, CUT);
    expect(power.law).toBe('power');
    expect(power.halves![0]).toBeCloseTo(power.halves![1], 10);
  });

  it('what grows does not die: no multiple', () => {
    const fit = fitPath(along(steps(8, (s) => [1, 1e-3 * s ** 0.5, 0.9e-3 * s ** 0.5])), TAP, 'log step', null, CUT);
    expect(fit.smallest!.value).toBeCloseTo(0.5, 10);
    expect(fit).toMatchObject({ falling: 0, ratio: null, law: null });
  });

  it('an axis needs places: no step, no slope in steps', () => {
    const t = along(steps(5, (s) => [1, 1 / s]).map((p, i) => ({ ...p, step: null, distance: i === 4 ? 0 : p.distance })));
    expect(axesOf(t)).toEqual(['log distance']);
    expect(fitPath(t, TAP, 'log distance', null, CUT).points).toEqual([0, 1, 2, 3]);
    expect(fitPath(t, TAP, 'step', null, CUT)).toMatchObject({ points: [], volume: null });
  });

  it('reads the two dying channels of a chain whose weights follow a power law', async () => {
    const times = Array.from({ length: 8 }, (_, i) => 0.2 * 0.6 ** i);
    const t = await traced(times.map((s, i) => chain(5, 2, [s, 0.8 * s], `step${i}`)));
    const cut = { threshold: 0, digits: null };
    // Layer 1 is the product of two factors t: eigenvalues t^4 (science.md 2f).
    const x = times.map((s) => Math.log(s));
    const readings = readingAlong(t, 'logDetPlus', fitPath(t, { layer: '1', side: 'activation' }, 'log step', null, cut), cut);
    for (let i = 1; i < x.length; i++) expect((readings[i]!.value! - readings[i - 1]!.value!) / (x[i]! - x[i - 1]!)).toBeCloseTo(8, 1);
    expect(Math.abs(fitPath(t, { layer: '1', side: 'activation' }, 'log step', null, cut).ratio!.value - 2)).toBeLessThan(0.01);
  });
});
