import { describe, expect, it } from 'vitest';
import { keptAlong, logDetPlusAlong } from '../../src/spectrum/path';
import { readAll, viewSpectrum } from '../../src/spectrum/read';

const view = (eigenvalues: number[], floor = 1e-12) => viewSpectrum(eigenvalues, eigenvalues.length, 100, floor, 0, false);

describe('along a path', () => {
  // The third direction dies on the way; the fourth is roundoff throughout.
  const path = [1e-2, 1e-6, 1e-11, 1e-13].map((x) => view([2, 0.5, x, 1e-20]));

  it('as many eigenvalues are kept as stand above the floor at every point', () => {
    expect(path.map((s) => s.rank)).toEqual([3, 3, 3, 2]);
    expect(keptAlong(path)).toBe(2);
    expect(keptAlong(path.slice(0, 3))).toBe(3);
    expect(keptAlong([])).toBe(0);
  });

  it('log det+ has no jump where one crosses the floor', () => {
    logDetPlusAlong(path).forEach((value) => expect(value).toBeCloseTo(Math.log(2 * 0.5), 14));
    expect(logDetPlusAlong(path.slice(0, 2))).toEqual([1e-2, 1e-6].map((x) => expect.closeTo(Math.log(x), 12)));
  });

  it('at a path of one point it is the reading', () => {
    expect(logDetPlusAlong([path[0]!])).toEqual([readAll(path[0]!, []).find((r) => r.name === 'logDetPlus')!.value]);
  });

  it('does not exist where nothing stays above the floor', () => {
    expect(logDetPlusAlong([...path, view([0, 0, 0, 0])])).toEqual([null, null, null, null, null]);
  });
});
