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

/**
 * The slope of y in x with a term in z fitted beside it, y = a + b x + c z: what x and y share with z is taken out of both first (Frisch &
 * Waugh 1933). Four points at least; the intercept is a.
 */
export function fitLineBeside(x: readonly number[], y: readonly number[], z: readonly number[], confidence = 0.95): LineFit {
  const n = x.length;
  const rest = (values: readonly number[]) => {
    const { slope, intercept } = fitLine(z, values);
    return { slope, intercept, values: values.map((v, i) => v - intercept - slope * z[i]!) };
  };
  const [rx, ry] = [rest(x), rest(y)];
  const sxx = rx.values.reduce((sum, v) => sum + v * v, 0);
  const slope = rx.values.reduce((sum, v, i) => sum + v * ry.values[i]!, 0) / sxx;
  const scatter = ry.values.reduce((sum, v, i) => sum + (v - slope * rx.values[i]!) ** 2, 0);
  return { slope, intercept: ry.intercept - slope * rx.intercept, halfWidth: studentQuantile(confidence, n - 3) * Math.sqrt(scatter / (n - 3) / sxx) };
}
