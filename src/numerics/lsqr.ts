/**
 * Least squares with a matrix that can only be applied: LSQR (Paige & Saunders 1982), which from zero goes to the shortest solution.
 */
export interface LinearMap {
  readonly rows: number;
  readonly columns: number;
  apply(x: Float64Array): Promise<Float64Array>;
  applyTransposed(y: Float64Array): Promise<Float64Array>;
}

export interface LsqrResult {
  readonly x: Float64Array;
  /** b - A x as the recurrence has it, in norm. */
  readonly residual: number;
  readonly iterations: number;
  /** Whether |A^T r| <= tolerance |A| |r|, or |r| <= tolerance |b|. */
  readonly converged: boolean;
}

export interface LsqrOptions {
  readonly tolerance: number;
  readonly iterations: number;
}

export async function lsqr(a: LinearMap, b: Float64Array, { tolerance, iterations }: LsqrOptions): Promise<LsqrResult> {
  const x = new Float64Array(a.columns);
  let u: Float64Array = b.slice();
  let beta = scaleToUnit(u);
  const size = beta;
  if (beta === 0) return { x, residual: 0, iterations: 0, converged: true };
  let v: Float64Array = await a.applyTransposed(u);
  let alpha = scaleToUnit(v);
  if (alpha === 0) return { x, residual: beta, iterations: 0, converged: true };
  const w = v.slice();
  let phiBar = beta;
  let rhoBar = alpha;
  let norm = alpha;
  for (let i = 1; i <= iterations; i++) {
    u = combine(await a.apply(v), -alpha, u);
    beta = scaleToUnit(u);
    norm = Math.hypot(norm, beta);
    v = beta === 0 ? v : combine(await a.applyTransposed(u), -beta, v);
    alpha = beta === 0 ? 0 : scaleToUnit(v);
    const rho = Math.hypot(rhoBar, beta);
    const [c, s] = [rhoBar / rho, beta / rho];
    const phi = c * phiBar;
    const theta = s * alpha;
    rhoBar = -c * alpha;
    phiBar *= s;
    for (let k = 0; k < x.length; k++) {
      x[k]! += (phi / rho) * w[k]!;
      w[k] = v[k]! - (theta / rho) * w[k]!;
    }
    const gradient = alpha * Math.abs(c);
    if (phiBar <= tolerance * size || gradient <= tolerance * norm || alpha === 0) return { x, residual: phiBar, iterations: i, converged: true };
    norm = Math.hypot(norm, alpha);
  }
  return { x, residual: phiBar, iterations, converged: false };
}

function combine(y: Float64Array, factor: number, x: Float64Array): Float64Array {
  return y.map((value, i) => value + factor * x[i]!);
}

function scaleToUnit(x: Float64Array): number {
  let sum = 0;
  for (const value of x) sum += value * value;
  const norm = Math.sqrt(sum);
  if (norm > 0) for (let i = 0; i < x.length; i++) x[i]! /= norm;
  return norm;
}
