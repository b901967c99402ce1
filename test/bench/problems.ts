/** The problems of the tasks, made from seeds: equal on every machine. */
import { Random } from '../../src/base/random';
import type { AnalysisProblem, DirectionsProblem, EigenProblem, GramProblem, ProblemOf, Task } from './implementation';

/** Sizes as numbers: [rows, columns], [n], [samples, width, layers] or [directions, samples, width, outputs]. */
export type Size = readonly number[];

/** Tasks whose problems are the same: measured together, round-robin, so that their times can be compared. */
interface Family<P> {
  readonly tasks: readonly Task[];
  readonly sizes: readonly Size[];
  readonly quickSizes: readonly Size[];
  /** A first small problem: compiles what must be compiled and tells how long the others will take. Null: none. */
  readonly first: Size | null;
  /** Multiply-adds, up to a constant. */
  work(size: Size): number;
  make(size: Size): P;
}

const gram: Family<GramProblem> = {
  tasks: ['gram-f32', 'gram-f64', 'gram-exact'],
  sizes: [[1024, 256], [2048, 512], [4096, 1024]],
  quickSizes: [[1024, 256], [2048, 512]],
  first: [256, 128],
  work: ([rows, columns]) => rows! * columns! ** 2,
  make: ([rows, columns]) => ({ rows: rows!, columns: columns!, x: normals(rows! * columns!, new Random(1)) }),
};

const eigen: Family<EigenProblem> = {
  tasks: ['eigenvalues', 'eigenvectors'],
  sizes: [[256], [512], [1024]],
  quickSizes: [[256], [512]],
  first: [128],
  work: ([n]) => n! ** 3,
  make: ([n]) => knownSpectrum(n!, new Random(2)),
};

const analysis: Family<AnalysisProblem> = {
  tasks: ['analysis'],
  sizes: [[2048, 512, 4]],
  quickSizes: [[512, 128, 4]],
  first: null,
  work: ([samples, width, layers]) => samples! * width! ** 2 * layers!,
  make: ([samples, width, layers]) => network(samples!, width!, layers!, new Random(3)),
};

const directions: Family<DirectionsProblem> = {
  tasks: ['directions'],
  sizes: [[10, 60, 6, 3], [100, 60, 6, 3], [1000, 60, 6, 3]],
  quickSizes: [[10, 60, 6, 3], [100, 60, 6, 3]],
  first: null,
  work: ([count, samples, width]) => count! * samples! * width! ** 2,
  make: ([count, samples, width, outputs]) => planted(count!, samples!, width!, outputs!, new Random(6)),
};

export const families: readonly Family<ProblemOf<Task>>[] = [gram, eigen, analysis, directions];

export const sizeName = (size: Size): string => size.join('x');

/** How many numbers make a size of this task, and what they are. */
export const SIZE_FORMS: Readonly<Record<number, string>> = {
  1: 'n (eigen, a power of two)',
  2: 'rows x columns (gram)',
  3: 'samples x width x layers (analysis)',
  4: 'directions x samples x width x outputs (directions)',
};

function normals(count: number, random: Random, scale = 1): Float32Array {
  return Float32Array.from({ length: count }, () => scale * random.normal());
}

/**
 * Q diag(values) Q^T with Q = H S H S' H / n^(3/2): H is Hadamard's matrix, S and S' are random signs. Dense, without structure that a
 * solver would notice, and within a few log2(n) 2^-53 of the exact one, so that the eigenvalues are known without a solver.
 */
function knownSpectrum(n: number, random: Random): EigenProblem {
  if (Math.log2(n) % 1 !== 0) throw new Error(`An eigenvalue problem of size ${n} cannot be made: powers of two can.`);
  const values = Float64Array.from({ length: n }, () => random.uniform()).sort().reverse();
  const signs = [1, 2].map(() => Float64Array.from({ length: n }, () => (random.uniform() < 0.5 ? -1 : 1)));
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) a[i * n + i] = values[i]!;
  for (let side = 0; side < 2; side++) {
    // Rows become Q times themselves; what was done to rows is done to columns by transposing.
    for (let i = 0; i < n; i++) {
      const row = a.subarray(i * n, i * n + n);
      hadamardTransform(row);
      for (const sign of signs) {
        for (let j = 0; j < n; j++) row[j]! *= sign[j]!;
        hadamardTransform(row);
      }
    }
    transposeInPlace(a, n);
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a[i * n + j] = a[j * n + i] = (a[i * n + j]! + a[j * n + i]!) / 2;
  return { n, a, values };
}

/** x := H x / sqrt(n), by butterflies. */
function hadamardTransform(x: Float64Array): void {
  const n = x.length;
  for (let half = 1; half < n; half *= 2) {
    for (let start = 0; start < n; start += 2 * half) {
      for (let i = start; i < start + half; i++) {
        const [p, q] = [x[i]!, x[i + half]!];
        x[i] = p + q;
        x[i + half] = p - q;
      }
    }
  }
  const scale = 1 / Math.sqrt(n);
  for (let i = 0; i < n; i++) x[i]! *= scale;
}

function transposeInPlace(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) [a[i * n + j], a[j * n + i]] = [a[j * n + i]!, a[i * n + j]!];
  }
}

/** He initialisation, as a trained network's layers begin. */
function network(samples: number, width: number, layers: number, random: Random): AnalysisProblem {
  const weights = Array.from({ length: layers }, () => ({
    w: normals(width * width, random, Math.sqrt(2 / width)),
    b: normals(width, random, 0.1),
  }));
  const tensors = weights.flatMap(({ w, b }, i) => [
    { name: `${2 * i}.weight`, shape: [width, width], values: w },
    { name: `${2 * i}.bias`, shape: [width], values: b },
  ]);
  const inputs = normals(samples * width, random);
  return {
    samples, width, layers, weights, inputs,
    checkpoint: stored(tensors),
    probe: stored([{ name: 'inputs', shape: [samples, width], values: inputs }]),
  };
}

/** See DirectionsProblem. */
function planted(count: number, samples: number, width: number, outputs: number, random: Random): DirectionsProblem {
  const draw = (rows: number) => random.normals(rows * width).map((x) => x / Math.sqrt(width));
  const weights = { first: draw(width), second: draw(width), last: draw(outputs) };
  weights.second.fill(0, 0, width);
  weights.second.copyWithin(2 * width, width, 2 * width);
  for (let o = 0; o < outputs; o++) weights.last[o * width] = 0;
  const second = width * width;
  const last = 2 * second;
  const directions = Array.from({ length: count }, (_, i) => {
    const u = new Float64Array(last + outputs * width);
    if (i % 2 === 0) u.set(random.normals(width), second);
    for (let o = 0; o < outputs; o++) {
      const x = random.normal();
      if (i % 2 === 0) u[last + o * width] = x;
      else [u[last + o * width + 1], u[last + o * width + 2]] = [x, -x];
    }
    return u;
  });
  return { samples, width, outputs, inputs: random.normals(samples * width), weights, directions, orders: directions.map((_, i) => (i % 2 === 0 ? 2 : null)) };
}

/** The bytes of a safetensors file: length of the header, header, data. */
function stored(tensors: readonly { name: string; shape: readonly number[]; values: Float32Array }[]): Uint8Array<ArrayBuffer> {
  let end = 0;
  const entries = tensors.map(({ name, shape, values }) => {
    const begin = end;
    end += values.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }] as const;
  });
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const bytes = new Uint8Array(8 + header.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  tensors.forEach(({ values }, i) => bytes.set(new Uint8Array(values.buffer), 8 + header.length + entries[i]![1].data_offsets[0]!));
  return bytes;
}
