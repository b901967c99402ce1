/** tfjs tensors on the test adapter. */
import { afterAll, beforeAll } from 'vitest';
import type { OpenedDevice } from '../../src/gpu/device';
import { type TfjsOps, tfjsOps } from '../../src/gpu/tfjs-ops';
import { openTestDevice } from './queue';

/** Opened before the first test of a file and given back after its last. */
export function testOps(): { opened: OpenedDevice; ops: TfjsOps } {
  const held = {} as { opened: OpenedDevice; ops: TfjsOps };
  beforeAll(async () => {
    held.opened = await openTestDevice();
    held.ops = await tfjsOps(held.opened);
  });
  afterAll(() => {
    held.ops.disposeBackend();
    held.opened.dispose();
  });
  return held;
}
