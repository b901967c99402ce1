/** The solver pool over workers that really solve, and workers that fail. */
import { describe, expect, it } from 'vitest';
import { gramOfRows, plainGramOfRows } from '../../src/numerics/cpu/gram';
import { Random } from '../../src/base/random';
import { pool, solved } from './pool';

const x = new Random(5).normals(40 * 6);

describe('the solver pool', () => {
  it('gives the bits of the work done in place, for any number of workers', async () => {
    const here = gramOfRows(x, 40, 6);
    const values: string[] = [];
    for (const size of [1, 2, 4]) {
      const { pool: p, made } = pool(size);
      const grams = await Promise.all(Array.from({ length: 6 }, () => p.gramOfRows(x, 40, 6)));
      for (const gram of grams) expect(gram).toEqual(here);
      values.push(JSON.stringify(Array.from((await p.eigenvalues(here)).values)));
      expect(made.length).toBe(size);
    }
    expect(new Set(values).size).toBe(1);
  });

  it('makes one large Gram with all workers, to the same bits', async () => {
    const rows = 1030;
    const d = 256;
    const large = new Random(6).normals(rows * d);
    const here = gramOfRows(large, rows, d);
    for (const size of [1, 2, 3]) {
      const { pool: p, made } = pool(size);
      expect(await p.gramOfRows(large, rows, d)).toEqual(here);
      expect(await p.plainGramOfRows(large, rows, d)).toEqual(plainGramOfRows(large, rows, d));
      expect(made.length).toBe(size);
    }
  });

  it('rejects bad input with its kind, and goes on', async () => {
    const { pool: p } = pool(1);
    await expect(p.gramOfRows(new Float64Array([1, NaN]), 1, 2)).rejects.toMatchObject({ name: 'InputError' });
    expect((await p.gramOfRows(x, 40, 6)).dimension).toBe(6);
  });

  it('an abort stops the worker in the middle of its job; waiting jobs run on a new one', async () => {
    const { pool: p, made } = pool(1, undefined, 20);
    const controller = new AbortController();
    const first = p.gramOfRows(x, 40, 6, controller.signal);
    const queued = p.gramOfRows(x, 40, 6, controller.signal);
    const other = p.gramOfRows(x, 40, 6);
    controller.abort();
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });
    await expect(queued).rejects.toMatchObject({ name: 'AbortError' });
    expect((await other).rows).toBe(40);
    expect(made.map((m) => m.stopped)).toEqual([true, false]);
    await expect(p.gramOfRows(x, 40, 6, controller.signal)).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('a worker that dies rejects its job and is replaced', async () => {
    let deaths = 1;
    const { pool: p, made } = pool(1, (job) => (deaths-- > 0 ? new Error('out of memory') : solved(job)));
    await expect(p.gramOfRows(x, 40, 6)).rejects.toThrow(/out of memory/);
    expect((await p.gramOfRows(x, 40, 6)).dimension).toBe(6);
    expect(made.length).toBe(2);
  });

  it('disposed, rejects what it owes', async () => {
    const { pool: p } = pool(1, undefined, 50);
    const jobs = [p.gramOfRows(x, 40, 6), p.gramOfRows(x, 40, 6)];
    p.dispose();
    for (const job of jobs) await expect(job).rejects.toThrow(/stopped/);
  });
});
