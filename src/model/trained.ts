/** Which parameters of a forward pass training moves. */

const FIXED = /(^|[./])(running_mean|running_var|rotary_sin|rotary_cos|mask)$/;

/** All but the running statistics and tables that no training changes. */
export function isTrained(parameter: string): boolean {
  return !FIXED.test(parameter);
}
