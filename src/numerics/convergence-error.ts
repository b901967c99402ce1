/** An iteration that did not settle within its budget: a named outcome, never a plot. */
export class ConvergenceError extends Error {
  override readonly name = 'ConvergenceError';

  constructor(
    readonly algorithm: string,
    readonly iterations: number,
  ) {
    super(`${algorithm} did not converge within ${iterations} iterations; the matrix is reported without a spectrum.`);
  }
}
