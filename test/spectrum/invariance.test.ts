/** What must not change when data are scaled by a power of two, when rows or columns change places, and between X and its transpose. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { addGrams, dualGramOfRows, gramOfRows, subtractGrams } from '../../src/numerics/cpu/gram';
import { eigenvaluesOfGram } from '../../src/numerics/solve';
import { transpose } from '../../src/numerics/transpose';
import type { Gram } from '../../src/numerics/types';
import { floorOf, spectralNoise } from '../../src/spectrum/floor';
import { readAll, viewSpectrum } from '../../src/spectrum/read';
import type { NamedReading } from '../../src/spectrum/read';

type Rows = Float64Array | Float32Array;

interface Read {
  readonly eigenvalues: Float64Array;
  readonly residuals: Float64Array;
  readonly floor: number;
  readonly cut: number;
  readonly rank: number;
  readonly readings: readonly NamedReading[];
}

/** From Grams of blocks of rows to readings with jackknife errors, as an analysis does it. */
function read(blocks: readonly Gram[], dimension: number, tapRoundoff: number, threshold: number): Read {
  const total = blocks.reduce(addGrams);
  const view = (gram: Gram) => {
    const { values, residuals, roundoff } = eigenvaluesOfGram(gram);
    const trace = values.reduce((sum, v) => sum + v, 0);
    const noise = spectralNoise({ lambdaMax: values[0]!, trace, dimension: gram.dimension, tapRoundoff, cancellation: 1, gramRoundoff: roundoff });
    const { floor } = floorOf(noise, 9);
    return { residuals, floor, spectrum: viewSpectrum(values, dimension, total.rows, floor, threshold, total.rows < dimension) };
  };
  const { residuals, floor, spectrum } = view(total);
  const folds = blocks.map((block) => view(subtractGrams(total, block)).spectrum);
  const eigenvalues = Float64Array.from(spectrum.eigenvalues);
  return { eigenvalues, residuals, floor, cut: spectrum.cut, rank: spectrum.rank!, readings: readAll(spectrum, folds) };
}

const BLOCKS = 3;
const grams = (x: Rows, rows: number, d: number, gramOf = gramOfRows) =>
  Array.from({ length: BLOCKS }, (_, b) => gramOf(x.subarray((b * rows * d) / BLOCKS, ((b + 1) * rows * d) / BLOCKS), rows / BLOCKS, d));
const plain = (gram: Gram): Gram => ({ ...gram, lo: null, roundoff: 2 ** -53 });

const [rows, d] = [60, 20];
const random = new Random(31);
/** Graded columns, two of them dependent. */
const normal = random.normals(rows * d).map((v, k) => v * 10 ** (-(k % d) / 2));
for (let i = 0; i < rows; i++) normal[i * d + 3] = normal[i * d] as number;
const relu = Float32Array.from(random.normals(rows * d), (v) => Math.max(0, v));

/** How a reading changes when the data are multiplied by 2^k; log det+ is added to instead. */
const POWER: Readonly<Record<string, number>> = { sigmaMin: 1, lambdaPlusMin: 2, rank: 0, deficit: 0, stableRank: 0, trace: 2, lambdaMax: 2 };

describe('scaling by 2^k, k from -100 to 100', () => {
  const cases: [string, (scale: number) => Read][] = [
    ['float64 rows, hi + lo', (scale) => read(grams(normal.map((v) => v * scale), rows, d), d, 2 ** -53, 0)],
    ['float64 rows, hi + lo, with a threshold', (scale) => read(grams(normal.map((v) => v * scale), rows, d), d, 2 ** -53, 1e-6)],
    ['float64 rows, one word', (scale) => read(grams(normal.map((v) => v * scale), rows, d).map(plain), d, 2 ** -53, 0)],
    ['float32 rows, hi + lo', (scale) => read(grams(relu.map((v) => v * scale), rows, d), d, 2 ** -24, 0)],
    ['float32 values in float64', (scale) => read(grams(Float64Array.from(relu, (v) => v * scale), rows, d), d, 2 ** -53, 0)],
    ['fewer rows than columns', (scale) => read(grams(normal.slice(0, 12 * d).map((v) => v * scale), 12, d), d, 2 ** -53, 0)],
  ];
  for (const [name, at] of cases) {
    it(`${name}: every bit of eigenvalues, residuals, floor, rank and readings`, () => {
      const base = at(1);
      expect(base.rank).toBeGreaterThan(4);
      for (const k of [-100, -61, -7, 1, 30, 100]) {
        const scaled = at(2 ** k);
        for (const part of ['eigenvalues', 'residuals'] as const) expect(scaled[part].map((v) => v * 4 ** -k)).toEqual(base[part]);
        expect([scaled.floor * 4 ** -k, scaled.cut * 4 ** -k, scaled.rank]).toEqual([base.floor, base.cut, base.rank]);
        scaled.readings.forEach((reading, i) => {
          const want = base.readings[i]!;
          expect(reading.limitedBy).toBe(want.limitedBy);
          if (reading.name === 'logDetPlus') {
            // It grows by 2 k rank log 2: the sum of the logarithms of mantissas stays, and only the last addition is rounded anew.
            const unscaled = reading.value! - 2 * k * base.rank * Math.LN2;
            expect(Math.abs(unscaled - want.value!)).toBeLessThanOrEqual(2 ** -51 * (Math.abs(reading.value!) + Math.abs(want.value!)));
            expect(reading.uncertainty === null).toBe(want.uncertainty === null);
            if (want.uncertainty !== null) expect(Math.abs(reading.uncertainty! - want.uncertainty)).toBeLessThan(1e-10);
          } else {
            const unscale = (v: number | null) => v && v * 2 ** (-k * POWER[reading.name]!);
            expect([unscale(reading.value), unscale(reading.uncertainty)], `${reading.name}, k = ${k}`).toEqual([want.value, want.uncertainty]);
          }
        });
      }
    });
  }

  it('a fold of another rank leaves log det+ without an error bar, which would depend on units', () => {
    const view = (values: number[], cut: number) => viewSpectrum(values, 2, 9, cut, 0, false);
    const uncertainty = (folds: number[][]) =>
      Object.fromEntries(readAll(view([4, 2], 1), folds.map((f) => view(f, 1))).map((r) => [r.name, r.uncertainty]));
    expect(uncertainty([[4, 2], [5, 0.5]])).toMatchObject({ logDetPlus: null, rank: 0.5, trace: 0.25 });
    expect(uncertainty([[4, 2], [8, 2]]).logDetPlus).toBeCloseTo(Math.LN2 / 2, 14);
  });

  it('the exact Gram has the same integers: only their unit changes', () => {
    const gram = gramOfRows(relu, rows, d);
    for (const k of [-60, -5, 40]) {
      const scaled = gramOfRows(relu.map((v) => v * 2 ** k), rows, d);
      expect(scaled.hi.map((v) => v * 4 ** -k)).toEqual(gram.hi);
      expect(scaled.lo!.map((v) => v * 4 ** -k)).toEqual(gram.lo);
    }
  });

  it('wide float32 values that leave the range of float32 when scaled have the same Gram', () => {
    const wide = Float64Array.from({ length: rows * d }, () => Math.fround(random.normal() * 2 ** (random.integer(60) - 40)));
    const base = gramOfRows(wide, rows, d);
    for (const k of [-140, -100, 100, 140]) {
      const scaled = gramOfRows(wide.map((v) => v * 2 ** k), rows, d);
      expect(scaled.hi.map((v) => v * 4 ** -k)).toEqual(base.hi);
      expect(scaled.lo!.map((v) => v * 4 ** -k)).toEqual(base.lo);
    }
  });
});

describe('exchanges', () => {
  const whole = (x: Rows, gramOf = gramOfRows) => read([gramOf(x, rows, d)], d, 2 ** -53, 0);
  const base = whole(normal);
  /** Largest relative difference above the floor, where both must have the same rank. */
  function differs(got: Read): number {
    expect(got.rank).toBe(base.rank);
    return Math.max(...base.eigenvalues.slice(0, base.rank).map((v, i) => Math.abs(got.eigenvalues[i]! / v - 1)));
  }
  const readingsAgree = (got: Read) =>
    got.readings.forEach(({ name, value }, i) => {
      const want = base.readings[i]!.value!;
      expect(Math.abs(value! - want), name).toBeLessThan(1e-11 * Math.max(1, Math.abs(want)));
    });

  it('rows in another order: eigenvalues above the floor to 1e-12 of themselves', () => {
    const moved = normal.map((_, k) => normal[((Math.floor(k / d) * 7) % rows) * d + (k % d)]!);
    const got = whole(moved);
    expect(differs(got)).toBeLessThan(1e-12);
    readingsAgree(got);
  });

  it('columns in another order: the same', () => {
    const moved = normal.map((_, k) => normal[Math.floor(k / d) * d + (((k % d) * 7) % d)]!);
    const got = whole(moved);
    expect(differs(got)).toBeLessThan(1e-12);
    readingsAgree(got);
  });

  it('X and its transpose have the same nonzero spectrum, whichever side the Gram is of', () => {
    const turned = transpose(normal, rows, d);
    const sides = [dualGramOfRows(normal, rows, d), { ...gramOfRows(turned, d, rows), rows }, { ...dualGramOfRows(turned, d, rows), rows }];
    for (const gram of sides) {
      const { values } = eigenvaluesOfGram(gram);
      expect(values.filter((v) => v > base.floor)).toHaveLength(base.rank);
      expect(Math.max(...base.eigenvalues.slice(0, base.rank).map((v, i) => Math.abs(values[i]! / v - 1)))).toBeLessThan(1e-12);
    }
  });

  it('signs of rows and columns: the same', () => {
    const flipped = normal.map((v, k) => v * (Math.floor(k / d) % 3 ? 1 : -1) * (k % d % 2 ? 1 : -1));
    const got = whole(flipped);
    expect(differs(got)).toBeLessThan(1e-12);
    readingsAgree(got);
  });
});
