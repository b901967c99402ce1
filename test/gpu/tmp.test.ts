import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OpenedDevice, openDevice } from '../../src/gpu/device';
import { type TfjsOps, tfjsOps } from '../../src/gpu/tfjs-ops';
import { CELLS } from '../../src/experiment/cells/registry';
import { readCells } from '../../src/experiment/read-cells';
import { openTestGpu } from './dawn';
import * as tf from '@tensorflow/tfjs-core';
let opened: OpenedDevice;
let gpu: TfjsOps;
beforeAll(async () => {
  const result = await openDevice(await openTestGpu(), { allowSoftware: true });
  if ('refused' in result) throw new Error(result.reason);
  opened = result;
  gpu = await tfjsOps(opened);
});
afterAll(() => { gpu.disposeBackend(); opened.dispose(); });
it('all', { timeout: 600000 }, async () => {
  const picked = CELLS.filter((_, i) => i % 4 === Number(process.env.PART ?? 0));
  for (const cell of picked) {
    const t = performance.now(); const before = tf.memory().numTensors;
    for await (const r of readCells(gpu, [cell], { charts: Number(process.env.CHARTS ?? 1) })) {
      const tag = r.verdict === 'unresolved' ? '~' : r.verdict === r.expected.verdict && r.order === r.expected.order ? 'ok' : 'WRONG';
      console.log(tag, cell.name, '|', r.chart, r.lineOrder, r.order, r.verdict, '|', r.evidence.slice(0, 130), (performance.now() - t).toFixed(0), tf.memory().numTensors - before);
    }
  }
  expect(1).toBe(1);
});
