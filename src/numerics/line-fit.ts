/** A straight line through points by least squares, with the interval of its slope. */
import { studentQuantile } from './student-t';

export interface LineFit {
  readonly slope: number;
  readonly intercept: number;
  /** Half-width of the slope's two-sided interval from the scatter about the line (Student t, n - 2 degrees of freedom). */
  readonly halfWidth: number;
}

/** Three points at least. */
export function fitLine(x: readonly number[], y: readonly number[], confidence = 0.95): LineFit {
  const n = x.length;
  const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / n;
  const [mx, my] = [mean(x), mean(y)];
  const sxx = x.reduce((sum, v) => sum + (v - mx) ** 2, 0);
  const slope = x.reduce((sum, v, i) => sum + (v - mx) * (y[i]! - my), 0) / sxx;
  const intercept = my - slope * mx;
  const scatter = x.reduce((sum, v, i) => sum + (y[i]! - intercept - slope * v) ** 2, 0);
  return { slope, intercept, halfWidth: studentQuantile(confidence, n - 2) * Math.sqrt(scatter / (n - 2) / sxx) };
}
