import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { lsqr } from '../../src/numerics/lsqr';
import { orthogonalFactor } from '../../src/numerics/orthogonal-factor';

const random = new Random(5);

/** Columns of a [rows, columns] matrix of the given rank with singular values spread over `decades`. */
function columnsOfRank(rows: number, columns: number, rank: number, decades: number): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let r = 0; r < rank; r++) {
    const scale = 10 ** ((-decades * r) / Math.max(1, rank - 1));
    const [p, q] = [random.normals(rows), random.normals(columns)];
    for (let j = 0; j < columns; j++) for (let i = 0; i < rows; i++) out[j * rows + i]! += scale * p[i]! * q[j]!;
  }
  return out;
}

function times(lines: Float64Array, rows: number, x: Float64Array): Float64Array {
  const y = new Float64Array(rows);
  x.forEach((value, j) => y.forEach((_, i) => (y[i]! += value * lines[j * rows + i]!)));
  return y;
}

const transposed = (lines: Float64Array, rows: number, y: Float64Array) =>
  Float64Array.from({ length: lines.length / rows }, (_, j) => y.reduce((sum, value, i) => sum + value * lines[j * rows + i]!, 0));

const size = (x: Float64Array) => Math.hypot(...x);
const minus = (a: Float64Array, b: Float64Array) => a.map((x, i) => x - b[i]!);
const relative = (largest: number) => 1e-10 * largest;

describe('a complete orthogonal factorisation', () => {
  it.each([
    [8, 5, 5, 0],
    [5, 8, 5, 2],
    [20, 12, 7, 3],
    [12, 20, 7, 6],
    [30, 30, 1, 0],
    [3, 1, 1, 0],
    [1, 4, 1, 0],
  ])('%i x %i of rank %i over %i decades', (rows, columns, rank, decades) => {
    const a = columnsOfRank(rows, columns, rank, decades);
    const f = orthogonalFactor(a, rows, columns, relative);
    expect(f.rank).toBe(rank);
    const c = random.normals(rows);
    const x = f.solve(c);
    const rest = minus(c, times(a, rows, x));
    const conditioned = 1e-13 * 10 ** decades * size(c);
    // Closest: the rest is orthogonal to every column, and it is what `outside` gives.
    expect(size(transposed(a, rows, rest))).toBeLessThan(1e-12 * 10 ** decades * size(a) * size(c));
    expect(size(minus(rest, f.outside(c)))).toBeLessThan(10 * conditioned);
    // Shortest: x = A^T (something), so nothing of it lies outside the rows of A.
    const rowSpace = orthogonalFactor(transposeOf(a, rows, columns), columns, rows, relative);
    expect(size(rowSpace.outside(x))).toBeLessThan(1e-12 * 10 ** decades * size(x));
  });

  it('knows the zero matrix', () => {
    const f = orthogonalFactor(new Float64Array(12), 4, 3, relative);
    expect(f.rank).toBe(0);
    expect([...f.solve(Float64Array.of(1, 2, 3, 4))]).toEqual([0, 0, 0]);
    expect([...f.outside(Float64Array.of(1, 2, 3, 4))]).toEqual([1, 2, 3, 4]);
  });

  it('holds an absolute cut, and goes on below it where asked', () => {
    const a = columnsOfRank(10, 6, 6, 9);
    const f = orthogonalFactor(a, 10, 6, (largest) => 1e-5 * largest, (largest) => 1e-14 * largest);
    expect(f.rank).toBeGreaterThan(2);
    expect(f.rank).toBeLessThan(5);
    expect(f.diagonal).toHaveLength(6);
    const c = times(a, 10, random.normals(6));
    expect(size(f.outside(c, 6))).toBeLessThan(1e-12 * size(c));
    expect(size(f.outside(c))).toBeGreaterThan(1e-9 * size(c));
  });
});

describe('LSQR', () => {
  const operator = (a: Float64Array, rows: number, columns: number) => ({
    rows,
    columns,
    apply: async (x: Float64Array) => times(a, rows, x),
    applyTransposed: async (y: Float64Array) => transposed(a, rows, y),
  });

  it.each([
    [20, 12, 7, 1],
    [12, 20, 12, 1],
    [9, 9, 4, 2],
  ])('finds the shortest solution of %i x %i, rank %i', async (rows, columns, rank, decades) => {
    const a = columnsOfRank(rows, columns, rank, decades);
    const c = random.normals(rows);
    const exact = orthogonalFactor(a, rows, columns, relative);
    const found = await lsqr(operator(a, rows, columns), c, { tolerance: 1e-13, iterations: 400 });
    expect(found.converged).toBe(true);
    expect(size(minus(found.x, exact.solve(c)))).toBeLessThan(1e-8 * size(exact.solve(c)));
    expect(Math.abs(found.residual - size(exact.outside(c)))).toBeLessThan(1e-9 * size(c));
  });

  it('says so when it did not arrive', async () => {
    const a = columnsOfRank(20, 20, 20, 8);
    expect((await lsqr(operator(a, 20, 20), random.normals(20), { tolerance: 1e-14, iterations: 3 })).converged).toBe(false);
  });

  it('stays at zero for a zero right side and a zero matrix', async () => {
    const zero = operator(new Float64Array(6), 3, 2);
    expect((await lsqr(zero, new Float64Array(3), { tolerance: 1e-12, iterations: 5 })).x).toEqual(new Float64Array(2));
    expect(await lsqr(zero, Float64Array.of(3, 0, 4), { tolerance: 1e-12, iterations: 5 })).toMatchObject({ residual: 5, converged: true });
  });
});

function transposeOf(lines: Float64Array, rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: lines.length }, (_, k) => lines[(k % columns) * rows + Math.floor(k / columns)]!);
}
