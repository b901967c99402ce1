/** log det+ by quadrature: brackets that hold for every probe, intervals that cover the truth at their rate, or no number. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { gaussRule, integrate, radauRules } from '../../src/numerics/gauss-rules';
import { probeSpectrum, type JacobiMatrix } from '../../src/numerics/lanczos-quadrature';
import { runAtOnce } from '../../src/numerics/stepwise';
import { spectralDensity } from '../../src/spectrum/density';
import { CONFIDENCE, livingInterval, logAbove, logDetPlusEstimate, logDetPlusInterval } from '../../src/spectrum/log-det-bracket';
import { meanBounds, studentQuantile } from '../../src/spectrum/mean-bounds';
import { gradedSpectra, hadamardOperator, logUniform } from '../oracle/operators';

const probe = (d: Float64Array, seed: number, probes: number, steps: number) => runAtOnce(probeSpectrum(hadamardOperator(d, seed), { probes, steps, seed }));
const cutOf = (d: Float64Array) => 4 * d.length * 2 ** -52;
const truth = (d: Float64Array, cut: number) => d.reduce((sum, x) => sum + (x > cut ? Math.log(x) : 0), 0);

/** The Jacobi matrix of sum_i w_i delta(x - d_i), exactly as Lanczos on diag(d) from sqrt(w) gives it. */
function jacobiOf(d: ArrayLike<number>, w: Float64Array, steps: number): JacobiMatrix {
  const basis: Float64Array[] = [];
  let v = w.map(Math.sqrt);
  const [diagonal, offDiagonal]: number[][] = [[], []];
  for (let k = 0; k < steps; k++) {
    basis.push(v);
    const next = v.map((x, i) => d[i]! * x);
    diagonal!.push(next.reduce((sum, x, i) => sum + x * v[i]!, 0));
    for (let pass = 0; pass < 2; pass++) {
      for (const q of basis) {
        const h = next.reduce((sum, x, i) => sum + x * q[i]!, 0);
        next.forEach((_, i) => (next[i]! -= h * q[i]!));
      }
    }
    const beta = Math.hypot(...next);
    const done = beta < 1e-13 * d[0]!;
    offDiagonal!.push(done ? 0 : beta);
    if (done) break;
    v = next.map((x) => x / beta);
  }
  return { diagonal: Float64Array.from(diagonal!), offDiagonal: Float64Array.from(offDiagonal!) };
}

describe('for one probe, where the measure is known', () => {
  it('the integral of log x over x > cut lies between the bounds, and masses between theirs, for any spectrum', () => {
    const random = new Random(1);
    const spectra = [...Object.values(gradedSpectra(64)), Float64Array.of(1), Float64Array.of(1, 0, 0), Float64Array.of(7e9, 5e9, 3), logUniform(48, 14).map((x) => 1e6 * x)];
    let tight = 0;
    for (let trial = 0; trial < 360; trial++) {
      const d = spectra[trial % spectra.length]!;
      const squares = random.normals(d.length).map((x) => x * x);
      const w = squares.map((x) => x / squares.reduce((a, b) => a + b, 0));
      const jacobi = jacobiOf(d, w, 1 + random.integer(40));
      const cut = 10 ** (-13 + 11 * random.uniform()) * d[0]!;
      const integral = d.reduce((sum, x, i) => sum + (x > cut ? w[i]! * Math.log(x) : 0), 0);
      const { low, high } = logAbove(jacobi, cut, d[0]!);
      const slack = 1e-13 * Math.max(1, Math.abs(integral));
      expect(low).toBeLessThanOrEqual(integral + slack);
      expect(high).toBeGreaterThanOrEqual(integral - slack);
      if (high - low < 0.05) tight++;
      const mass = d.reduce((sum, x, i) => sum + (x <= cut ? w[i]! : 0), 0);
      const below = radauRules(jacobi).massBelow(cut);
      const rounding = 2 ** -51 * (d[0]! / cut);
      expect(below.low).toBeLessThanOrEqual(mass + rounding);
      expect(below.high).toBeGreaterThanOrEqual(mass - rounding);
    }
    // The bounds are not merely wide.
    expect(tight).toBeGreaterThan(60);
  });

  it('Gauss and Radau rules are exact for the polynomials they claim', () => {
    const d = [0.1, 0.4, 0.5, 0.7, 0.9, 1, 1.3];
    const w = Float64Array.of(0.1, 0.2, 0.1, 0.2, 0.1, 0.2, 0.1);
    const jacobi = jacobiOf(d, w, 3);
    const moment = (k: number) => d.reduce((sum, x, i) => sum + w[i]! * x ** k, 0);
    for (let k = 0; k <= 5; k++) expect(integrate(gaussRule(jacobi), (x) => x ** k)).toBeCloseTo(moment(k), 13);
    const radau = radauRules(jacobi).withNode(0.05);
    expect(Math.min(...radau.nodes)).toBeCloseTo(0.05, 13);
    for (let k = 0; k <= 6; k++) expect(integrate(radau, (x) => x ** k)).toBeCloseTo(moment(k), 13);
    expect(integrate(gaussRule(jacobi), (x) => x ** 6)).not.toBeCloseTo(moment(6), 6);
  });
});

describe('for eight Rademacher probes', () => {
  const trials = 34;
  it.each(Object.entries(gradedSpectra(128)))(`the interval covers the truth at its rate in ${trials} seeded trials, %s`, (_, d) => {
    const cut = cutOf(d);
    const want = truth(d, cut);
    let covered = 0;
    for (let seed = 1; seed <= trials; seed++) {
      const { low, high } = logDetPlusInterval(probe(d, seed, 8, 24), d.length, cut, 1);
      if (low <= want && want <= high) covered++;
    }
    expect(covered).toBeGreaterThanOrEqual(CONFIDENCE * trials);
  });

  it.each(Object.entries(gradedSpectra(512)))('d = 512: an interval that covers, or "not resolved": %s', (name, d) => {
    const cut = cutOf(d);
    const jacobi = probe(d, 3, 16, 40);
    const { interval, reason } = logDetPlusEstimate(jacobi, d.length, cut, 1);
    const easy = name === 'to 1e-2';
    if (easy) expect(interval).not.toBeNull();
    if (/1e-6|1e-12|1e-18|zeros/.test(name)) expect(reason).toMatch(/^not resolved: the spectrum may reach the cut/);
    if (interval) {
      expect(interval.low).toBeLessThan(truth(d, cut));
      expect(interval.high).toBeGreaterThan(truth(d, cut));
    }
    // What one would have published without bounds is off by more than the whole stated width on the hard ones.
    const plain = (d.length / 16) * jacobi.reduce((sum, j) => sum + integrate(gaussRule(j), (x) => (x > cut ? Math.log(x) : 0)), 0);
    if (/1e-12|1e-18/.test(name)) expect(Math.abs(plain - truth(d, cut)) / d.length).toBeGreaterThan(0.1);
  });

  it('zeros behind a gap that the steps resolve do not hinder it', () => {
    const d = gradedSpectra(512)['half zeros']!.map((x) => (x > 0 ? x ** (1 / 3) : 0));
    const { interval } = logDetPlusEstimate(probe(d, 2, 24, 56), 512, cutOf(d), 1);
    expect(interval!.low).toBeLessThan(truth(d, cutOf(d)));
    expect(interval!.high).toBeGreaterThan(truth(d, cutOf(d)));
  });

  it('nothing above the cut gives no number', () => {
    expect(logDetPlusEstimate(probe(new Float64Array(16), 1, 4, 8), 16, 1e-12, 0).interval).toBeNull();
  });
});

describe('spectralDensity', () => {
  it('counts eigenvalues by decade and above each point', () => {
    const d = logUniform(512, 3);
    const jacobi = probe(d, 1, 8, 40);
    const { x, perDecade, above } = spectralDensity(jacobi, 512, cutOf(d), 1);
    const total = perDecade.reduce((sum, y, i) => sum + (i > 0 ? ((y + perDecade[i - 1]!) / 2) * Math.log10(x[i]! / x[i - 1]!) : 0), 0);
    expect(total / 512).toBeCloseTo(1, 2);
    for (const [i, at] of x.entries()) {
      expect(Math.abs(above[i]! - d.filter((v) => v > at).length)).toBeLessThan(0.07 * 512);
      if (at > 10 ** -2 && at < 10 ** -0.4) expect(Math.abs(perDecade[i]! / (512 / 3) - 1)).toBeLessThan(0.35);
    }
  });

  it('sees the gap between two groups, and how many are in each', () => {
    const d = Float64Array.from({ length: 256 }, (_, i) => (i < 64 ? 1 - i / 500 : 1e-5 * (1 - i / 1000)));
    const { x, perDecade, above } = spectralDensity(probe(d, 4, 8, 24), 256, cutOf(d), 1);
    const middle = x.findIndex((at) => at > 1e-3);
    expect(above[middle]).toBeGreaterThan(54);
    expect(above[middle]).toBeLessThan(74);
    expect(perDecade[middle]).toBeLessThan(1e-3);
    const living = livingInterval(probe(d, 4, 8, 24), 256, 1e-3, 1);
    expect(living.low).toBeLessThan(64);
    expect(living.high).toBeGreaterThan(64);
    expect(living.high - living.low).toBeLessThan(40);
  });

  it('is reproducible from its seed', () => {
    const d = logUniform(64, 4);
    expect(probe(d, 7, 4, 12)).toEqual(probe(d, 7, 4, 12));
    expect(probe(d, 7, 4, 12)).not.toEqual(probe(d, 8, 4, 12));
  });
});

describe('meanBounds', () => {
  it('has the quantiles of Student', () => {
    for (const [freedom, t] of [[3, 3.1824], [7, 2.3646], [15, 2.1314], [31, 2.0395]] as const) expect(Math.abs(studentQuantile(0.975, freedom) / t - 1)).toBeLessThan(4e-3);
  });

  it('covers the mean of the most skewed forms, chi-square with one degree, where t alone does not', () => {
    const random = new Random(3);
    let covered = 0;
    let byStudent = 0;
    for (let trial = 0; trial < 2000; trial++) {
      const sample = Array.from({ length: 8 }, () => -(random.normal() ** 2));
      const with0 = meanBounds(sample, sample, 0, 0.95);
      const bounds = meanBounds(sample, sample, 1, 0.95);
      if (with0.low <= -1 && -1 <= with0.high) byStudent++;
      if (bounds.low <= -1 && -1 <= bounds.high) covered++;
    }
    expect(byStudent).toBeLessThan(0.93 * 2000);
    expect(covered).toBeGreaterThan(0.95 * 2000);
  });
});
