/** Numbers as text. ASCII signs only: what is copied from the page can be pasted into a program. */

/** 4.70e-10; the mantissa has `digits` significant digits. */
export function scientific(x: number, digits = 4): string {
  if (x === 0) return '0';
  if (!Number.isFinite(x)) return String(x);
  return x.toExponential(digits - 1).replace('e+', 'e');
}

/** -2914.03, or 1.2e9 where plain digits would be too many. */
export function decimal(x: number, digits = 6): string {
  if (x === 0) return '0';
  if (!Number.isFinite(x)) return String(x);
  const size = Math.floor(Math.log10(Math.abs(x)));
  if (size < -4 || size >= digits + 3) return scientific(x, Math.min(4, digits));
  return x.toFixed(Math.max(0, digits - 1 - Math.max(size, 0)));
}

// Made once: making one costs more than a hundred uses.
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 61,184 */
export function count(n: number): string {
  return Number.isInteger(n) && n >= 0 && n < 1000 ? String(n) : whole.format(n);
}

/** 1 tensor, 2 tensors */
export function counted(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? '' : 's'}`;
}

/** An uncertainty has two significant digits: more would say nothing. 0.00032 -> '3.2e-4' */
export function uncertainty(x: number): string {
  if (x === 0) return '0';
  return Math.abs(x) >= 0.001 && Math.abs(x) < 10_000 ? String(Number(x.toPrecision(2))) : scientific(x, 2);
}

/** 1.5 KB, 6.1 GB (powers of 1000, as operating systems print them) */
export function bytes(n: number): string {
  if (n < 1000) return `${n} bytes`;
  const units = ['KB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length, Math.floor(Math.log10(n) / 3));
  return `${Number((n / 1000 ** power).toPrecision(3))} ${units[power - 1]}`;
}

/** 0.4 s, 12 s, 3 min 20 s */
export function duration(seconds: number): string {
  if (seconds < 0.095) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
