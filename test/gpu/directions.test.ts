/** Orders and verdicts in float32 on WebGPU: as theory says, or "unresolved"; never another. */
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { CELLS } from '../../src/experiment/cells/registry';
import { type CellReading, readCells } from '../../src/experiment/read-cells';
import { isRight } from '../../src/experiment/recipes/cells';
import { testOps } from './ops';

const held = testOps();

/** One of every structure whose order float32 can name, and two that it must leave open. */
const NAMED = [
  'chain of 2 at 0, u = (1, 1)',
  'chain of 2 at (a, b), u = (a, -b)',
  'tanh unit dead on both sides',
  'tanh unit, incoming dead, u incoming',
  'relu unit rescaled',
  'tanh unit twice, split',
];
const OPEN = ['tanh unit twice, outputs traded', 'x (y - x²) at 0, u along x: curved branch'];

it('constructed cells in their own basis, after a symmetry and in a random chart', { timeout: 300_000 }, async () => {
  const before = tf.memory().numTensors;
  const cells = CELLS.filter((c) => [...NAMED, ...OPEN].includes(c.name));
  expect(cells).toHaveLength(NAMED.length + OPEN.length);
  const readings: CellReading[] = [];
  for await (const reading of readCells(held.ops, cells, { charts: 1 })) readings.push(reading);
  const describe = (r: CellReading) => `${r.name}, ${r.chart}: ${r.order} ${r.verdict} (${r.evidence})`;
  expect(readings.filter((r) => r.verdict !== 'unresolved' && !isRight(r)).map(describe)).toEqual([]);
  expect(readings.filter((r) => NAMED.includes(r.name) && !isRight(r)).map(describe)).toEqual([]);
  expect(readings.filter((r) => OPEN.includes(r.name) && r.verdict !== 'unresolved').map(describe)).toEqual([]);
  // Nothing of all this stays on the device.
  expect(tf.memory().numTensors).toBe(before);
});
