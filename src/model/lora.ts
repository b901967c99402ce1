/**
 * LoRA adapters as PEFT saves them (Hu et al. 2021): pairs A [r, in] and B [out, r] of a change s B A, each read as one layer. The singular values of
 * s B A are those of s R_B R_A^T [r, r] with the triangular factors of B and A^T, so that no matrix [out, in] is made; all others are zero. Their
 * absolute error is a few r eps s |B| |A|.
 */
import type { Checkpoint, TensorEntry } from '../checkpoint/types';
import { recorded } from './choices';

const PAIR = /^(?:base_model\.model\.)?(.+)\.(lora_A|lora_embedding_A)(?:\.default)?(\.weight)?$/;

/** The checkpoint with each pair in the place of its factors and a warning that says so; itself where there is none, or where the change is not s B A. */
export function withDeltas(checkpoint: Checkpoint): Checkpoint {
  const { tensors, warnings } = checkpoint;
  const pairs = pairsOf(checkpoint);
  if (pairs.length === 0) return checkpoint;
  const magnitude = [...tensors.keys()].find((name) => name.includes('lora_magnitude_vector'));
  if (magnitude !== undefined) {
    const said = `'${magnitude}' scales the columns of the merged weights (DoRA), so that the change is no product of two factors: each factor is analysed on its own`;
    return { ...checkpoint, warnings: [...warnings, said] };
  }
  const factors = new Set(pairs.flatMap(({ a, b }) => [a.name, b.name]));
  const kept = [...tensors].filter(([name]) => !factors.has(name));
  const scaled = saysAlpha(checkpoint) ? `scaled by ${scalesOf(pairs)}` : 'not scaled: adapter_config.json, which says alpha, is missing';
  const said = `${pairs.length} pairs lora_A, lora_B are read as the changes B A that they make, ${scaled}; their spectra are those of [r, r] factors, all other singular values are zero`;
  return { ...checkpoint, tensors: new Map([...kept, ...pairs.map((pair) => [`${pair.path}.delta`, deltaOf(pair)] as const)]), warnings: [...warnings, said] };
}

/** The factors of one change. */
export interface Pair {
  /** Of the module that it changes, as the adapter names it. */
  readonly path: string;
  /** [r, in], or [r, in, kh, kw] of a convolution. */
  readonly a: TensorEntry;
  /** [out, r]. */
  readonly b: TensorEntry;
  readonly rank: number;
  readonly scale: number;
}

export function pairsOf(checkpoint: Checkpoint): Pair[] {
  return [...checkpoint.tensors.values()].flatMap((a) => pairOf(checkpoint, a) ?? []);
}

/** Whether its scales are known. */
export function saysAlpha(checkpoint: Checkpoint): boolean {
  return recorded(checkpoint, ['adapter.lora_alpha']) !== null;
}

/** For people. */
export function scalesOf(pairs: readonly Pair[]): string {
  const scales = [...new Set(pairs.map(({ scale }) => scale))];
  return scales.slice(0, 8).map((s) => s.toPrecision(6).replace(/\.?0+$/, '')).join(', ');
}

function pairOf(checkpoint: Checkpoint, a: TensorEntry): Pair | null {
  const found = PAIR.exec(a.name);
  const b = found && checkpoint.tensors.get(a.name.replace(/lora_(embedding_)?A/, 'lora_$1B'));
  if (!found || !b || a.shape.length < 2 || b.shape.length < 2) return null;
  const [rank] = a.shape as [number];
  // Convolutions: B is 1 x 1.
  const fits = rank > 0 && b.shape[1] === rank && b.shape.slice(2).every((n) => n === 1);
  return fits ? { path: found[1]!, a, b, rank, scale: scaleOf(checkpoint, found[1]!, rank) } : null;
}

/** alpha / r, or alpha / sqrt(r) where ranks are stabilised; alpha by the patterns of the config, as PEFT matches them. */
function scaleOf(checkpoint: Checkpoint, path: string, rank: number): number {
  const patterns = 'adapter.alpha_pattern.';
  const own = [...checkpoint.metadata].find(([key]) => key.startsWith(patterns) && matches(path, key.slice(patterns.length)));
  const alpha = Number(own?.[1] ?? recorded(checkpoint, ['adapter.lora_alpha'])?.value ?? NaN);
  if (!Number.isFinite(alpha)) return 1;
  return alpha / (recorded(checkpoint, ['adapter.use_rslora'])?.value === 'true' ? Math.sqrt(rank) : rank);
}

/** Patterns are names, or the ends of names, of modules; those that are regular expressions are taken as such. */
function matches(path: string, pattern: string): boolean {
  if (path === pattern || path.endsWith(`.${pattern}`)) return true;
  try {
    return new RegExp(`^(.*\\.)?(${pattern.replace(/^\^/, '')})$`).test(path);
  } catch {
    return false;
  }
}

function deltaOf({ path, a, b, rank, scale }: Pair): TensorEntry {
  const values = async () => {
    const [right, left] = [await a.values(), await b.values()];
    const [ra, rb] = [triangular(transposed(right, rank, right.length / rank), rank), triangular(Float64Array.from(left), rank)];
    const product = new Float64Array(rank * rank);
    for (let i = 0; i < rank; i++)
      for (let j = 0; j < rank; j++)
        for (let k = Math.max(i, j); k < rank; k++) product[i * rank + j]! += scale * rb[i * rank + k]! * ra[j * rank + k]!;
    return product;
  };
  return { name: `${path}.delta`, dtype: 'f64', shape: [rank, rank], file: a.file, values, bytes: async () => new Uint8Array((await values()).buffer) };
}

function transposed(values: ArrayLike<number>, rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, k) => values[(k % rows) * columns + Math.floor(k / rows)]!);
}

/** R [columns, columns] of x [rows, columns] = Q R by Householder reflections; x is overwritten. Rows of zeros where there are too few. */
function triangular(x: Float64Array, columns: number): Float64Array {
  const rows = x.length / columns;
  for (let k = 0; k < Math.min(rows, columns); k++) {
    let square = 0;
    for (let i = k; i < rows; i++) square += x[i * columns + k]! ** 2;
    if (square === 0) continue;
    const pivot = x[k * columns + k]!;
    const head = pivot >= 0 ? -Math.sqrt(square) : Math.sqrt(square);
    const v = Float64Array.from({ length: rows - k }, (_, i) => x[(k + i) * columns + k]!);
    v[0] = pivot - head;
    const beta = 1 / (square - pivot * head);
    for (let j = k; j < columns; j++) {
      let dot = 0;
      for (let i = 0; i < v.length; i++) dot += v[i]! * x[(k + i) * columns + j]!;
      for (let i = 0; i < v.length; i++) x[(k + i) * columns + j]! -= beta * dot * v[i]!;
    }
  }
  const r = new Float64Array(columns * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) for (let j = i; j < columns; j++) r[i * columns + j] = x[i * columns + j]!;
  return r;
}
