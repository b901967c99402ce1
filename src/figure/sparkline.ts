/** A spectrum as a few dots in the unit square: x by index, y by log eigenvalue (0 = top). */
import type { Spectrum } from '../analysis/report';

export interface Dot {
  x: number;
  y: number;
  /** Below the floor or the cut: drawn at the bottom, its height means nothing. */
  dead: boolean;
}

/** @param most largest number of dots; a longer spectrum is shown by evenly spaced eigenvalues of its own */
export function sparkline(spectrum: Pick<Spectrum, 'eigenvalues' | 'rank'>, most: number): Dot[] {
  const { eigenvalues } = spectrum;
  const n = eigenvalues.length;
  const rank = spectrum.rank ?? n;
  const shown = Math.min(n, most);
  const top = Math.log10(eigenvalues[0] ?? 0);
  const bottom = rank > 0 ? Math.log10(eigenvalues[Math.min(rank, n) - 1]!) : top;
  // At least one decade tall, so that a flat spectrum looks flat.
  const span = Math.max(1, top - bottom);
  return Array.from({ length: shown }, (_, i) => {
    const at = shown === 1 ? 0 : Math.round((i * (n - 1)) / (shown - 1));
    const dead = at >= rank;
    return { x: n === 1 ? 0.5 : at / (n - 1), y: dead ? 1 : (0.85 * (top - Math.log10(eigenvalues[at]!))) / span, dead };
  });
}
