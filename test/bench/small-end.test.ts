/** Prints ours and the peers side by side on spectra over eighteen orders: npx vitest run --project core test/bench/small-end.test.ts */
import { expect, it } from 'vitest';
import { gradedCases } from '../oracle/graded';
import type { Implementation } from './implementation';
import { peers } from './peers/registry';
import { smallEnd, smallEndTable } from './small-end';

it('eighteen orders: ours within 1e-9 and nothing lost; a float64 Gram loses them', async () => {
  const float32 = await peers.find(({ name }) => name === 'tfjs-wasm')!.load().then((peer) => peer.open('node')).catch((): Implementation | null => null);
  const rows = [];
  for (const seed of [1, 5, 6, 7]) rows.push(...(await smallEnd(gradedCases.find((one) => one.seed === seed)!, float32)));
  float32?.dispose?.();
  console.log(smallEndTable(rows));
  for (const row of rows.filter(({ method }) => method.startsWith('deadreckon: hi + lo'))) {
    expect(row.error).toBeLessThan(1e-9);
    expect(row.nonPositive).toBe(0);
    expect(row.logDeterminant).toBeLessThan(1e-9);
  }
  for (const row of rows.filter(({ method, input }) => method.includes('Gram, EVD') && !input.includes('columns'))) expect(row.error).toBeGreaterThan(0.01);
});
