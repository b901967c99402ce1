/** The page: everything runs in a worker of it, where nothing waits for a frame. */
import { openDevice } from '../../../src/gpu/device';
import type { FromWorker } from './bench.worker';

window.bench = async (plan) => {
  const worker = new Worker(new URL('./bench.worker.ts', import.meta.url), { type: 'module' });
  const rows = await new Promise<Extract<FromWorker, { rows: unknown }>['rows']>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if ('line' in data) window.say(data.line);
      else if ('rows' in data) resolve(data.rows);
      else reject(new Error(data.failed));
    };
    worker.onerror = (event) => reject(new Error(event.message || 'the worker did not load'));
    worker.postMessage(plan);
  });
  const opened = await openDevice(navigator.gpu, { allowSoftware: true });
  return { adapter: 'refused' in opened ? 'no adapter' : opened.description, rows };
};
