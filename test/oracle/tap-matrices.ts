/** Seeded matrices whose singular values range from plain to hostile, each as it would be without rounding and as it is stored. */
import type { Random } from '../../src/base/random';
import { productError, sumError, type PairMatrix } from './exact-svd';

export interface StoredMatrix {
  kind: string;
  rows: number;
  columns: number;
  stored: Float64Array | Float32Array;
  /** Before it was rounded to what is stored. */
  ideal: PairMatrix;
}

interface Shape {
  rows: number;
  columns: number;
}

/** `entry(i, j)` as an unevaluated pair. */
function pairs({ rows, columns }: Shape, entry: (i: number, j: number) => readonly [number, number]): PairMatrix {
  const hi = new Float64Array(rows * columns);
  const lo = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) [hi[i * columns + j], lo[i * columns + j]] = entry(i, j) as [number, number];
  return { rows, columns, hi, lo };
}

const plain = (shape: Shape, entry: (i: number, j: number) => number) => pairs(shape, (i, j) => [entry(i, j), 0]);

/** sum_k a[i, k] b[k, j] to pairs. */
function product(a: Float64Array, b: Float64Array, shape: Shape, inner: number): PairMatrix {
  return pairs(shape, (i, j) => {
    let hi = 0;
    let lo = 0;
    for (let k = 0; k < inner; k++) {
      const [x, y] = [a[i * inner + k]!, b[k * shape.columns + j]!];
      const p = x * y;
      const s = hi + p;
      lo += sumError(hi, p, s) + productError(x, y, p);
      hi = s;
    }
    return [hi, lo];
  });
}

/** The same in the arithmetic of a float64 or float32 program. */
function roundedProduct(a: Float64Array, b: Float64Array, { rows, columns }: Shape, inner: number, round: (x: number) => number): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < inner; k++) sum = round(sum + round(a[Math.floor(at / columns) * inner + k]! * b[k * columns + (at % columns)]!));
    return sum;
  });
}

type Maker = (shape: Shape, random: Random, round: (x: number) => number) => PairMatrix | { ideal: PairMatrix; computed: Float64Array };

const gaussian = (random: Random, round: (x: number) => number, count: number) => random.normals(count).map(round);
const factors = (shape: Shape, random: Random, round: (x: number) => number) => {
  const inner = 1 + random.integer(Math.max(1, Math.min(shape.rows, shape.columns) - 1));
  return { inner, a: gaussian(random, round, shape.rows * inner), b: gaussian(random, round, inner * shape.columns) };
};

export const MAKERS: Readonly<Record<string, Maker>> = {
  'full rank': (shape, random) => plain(shape, () => random.normal()),
  'low rank, computed': (shape, random, round) => {
    const { inner, a, b } = factors(shape, random, round);
    return { ideal: product(a, b, shape, inner), computed: roundedProduct(a, b, shape, inner, round) };
  },
  // The factor on the left repeats its columns: many terms, few directions.
  'low rank, long sums': (shape, random, round) => {
    const { inner, a } = factors(shape, random, round);
    const terms = 96;
    const left = Float64Array.from({ length: shape.rows * terms }, (_, at) => a[Math.floor(at / terms) * inner + ((at % terms) % inner)]!);
    const right = gaussian(random, round, terms * shape.columns);
    return { ideal: product(left, right, shape, terms), computed: roundedProduct(left, right, shape, terms, round) };
  },
  'low rank, rounded once': (shape, random, round) => {
    const { inner, a, b } = factors(shape, random, round);
    return product(a, b, shape, inner);
  },
  'low rank and noise': (shape, random, round) => {
    const { inner, a, b } = factors(shape, random, round);
    const level = 10 ** -(3 + random.integer(12));
    const { rows, columns, hi, lo } = product(a, b, shape, inner);
    return { rows, columns, lo, hi: hi.map((x) => x + level * random.normal()) };
  },
  // U diag(s) V^T with s from 1 to 1e-9: eigenvalues from 1 to 1e-18.
  graded: (shape, random) => {
    const inner = Math.min(shape.rows, shape.columns);
    const s = Float64Array.from({ length: inner }, (_, k) => 10 ** ((-9 * k) / Math.max(1, inner - 1)));
    const a = random.normals(shape.rows * inner).map((x, at) => x * s[at % inner]!);
    return product(a, random.normals(inner * shape.columns), shape, inner);
  },
  'graded rows': (shape, random) => plain(shape, (i) => random.normal() * 10 ** ((-9 * i) / shape.rows)),
  'scaled columns': (shape, random) => plain(shape, (_, j) => random.normal() * 10 ** (-9 + 18 * (((j * 7) % shape.columns) / shape.columns))),
  'far scales': (shape, random) => plain(shape, () => random.normal() * 2 ** -100),
  'duplicated columns': (shape, random) => {
    const different = 1 + random.integer(shape.columns);
    const x = random.normals(shape.rows * different);
    return plain(shape, (i, j) => x[i * different + (j % different)]! * (j % 3 ? -0.5 : 4));
  },
  'duplicated rows': (shape, random) => {
    const different = 1 + random.integer(shape.rows);
    const x = random.normals(different * shape.columns);
    return plain(shape, (i, j) => x[(i % different) * shape.columns + j]!);
  },
  // Where every row is the same, so is every product of a sum, and their roundings do not average out.
  'one row, many times': ({ columns }, random) => {
    const x = random.normals(columns);
    return plain({ rows: 1 + random.integer(400), columns }, (_, j) => x[j]!);
  },
  'nearly the same columns': (shape, random) => {
    const x = random.normals(shape.rows);
    const apart = 10 ** -(1 + random.integer(16));
    return plain(shape, (i) => x[i]! * (1 + apart * random.normal()));
  },
  'after a relu': (shape, random) => {
    const { inner, a, b } = factors(shape, random, (x) => x);
    const { rows, columns, hi } = product(a, b, shape, inner);
    const shift = random.normals(columns);
    return plain({ rows, columns }, (i, j) => Math.max(0, hi[i * columns + j]! + shift[j]!));
  },
  zero: (shape) => plain(shape, () => 0),
  'one entry': (shape, random) => {
    const at = random.integer(shape.columns);
    return plain(shape, (i, j) => (i === 0 && j === at ? 0.1 : 0));
  },
  'tiny': (_, random) => plain({ rows: 1 + random.integer(5), columns: 1 + random.integer(3) }, () => random.normal()),
};

/** Matrix number `index`: every kind in turn, every other one in float32, few and many rows, 1 to 48 columns. */
export function storedMatrix(index: number, random: Random): StoredMatrix {
  const kinds = Object.keys(MAKERS);
  const kind = kinds[index % kinds.length]!;
  const single = random.integer(2) === 1;
  const round = single ? Math.fround : (x: number) => x;
  const columns = random.integer(20) === 0 ? 48 : 1 + random.integer(20);
  const rows = random.integer(4) === 0 ? 1 + random.integer(columns) : columns + random.integer(24);
  const made = MAKERS[kind]!({ rows, columns }, random, round);
  const ideal = 'ideal' in made ? made.ideal : made;
  const values = 'ideal' in made ? made.computed : made.hi;
  return { kind, rows: ideal.rows, columns: ideal.columns, stored: single ? Float32Array.from(values) : values.slice(), ideal };
}
