/** Spectra over eighteen orders of magnitude and more, the way an analysis finds them, against 50-digit references. */
import { describe, expect, it } from 'vitest';
import { gramOfRows } from '../../src/numerics/cpu/gram';
import { eigenvaluesOfGram } from '../../src/numerics/solve';
import { logDetPlus } from '../../src/spectrum/readings/log-det-plus';
import { viewSpectrum } from '../../src/spectrum/read';
import { gradedCases, gradedFactor, gradedName } from '../oracle/graded';

describe('eighteen orders: every eigenvalue and log det+ within 1e-9, none lost', () => {
  for (const one of gradedCases) {
    it(gradedName(one), () => {
      const { rows, columns } = one;
      const x = gradedFactor(one);
      expect(x[x.length - 1], 'the factor of the reference').toBe(Number(one.corner));
      const { values } = eigenvaluesOfGram({ ...gramOfRows(x, rows, columns), rows: 1 }, { residuals: false });
      const want = one.eigenvalues.map(Number);
      expect(want[0]! / want[columns - 1]!).toBeGreaterThan(2e17);
      values.forEach((value, i) => expect(Math.abs(value / want[i]! - 1), `eigenvalue ${i}`).toBeLessThan(1e-9));
      const view = viewSpectrum(values, columns, rows, 0, 0, false);
      expect(view.rank).toBe(columns);
      expect(Math.abs(logDetPlus.read(view).value! / Number(one.logDeterminant) - 1)).toBeLessThan(1e-12);
    });
  }
});
