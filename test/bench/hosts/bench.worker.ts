/** The host inside a browser. */
import { messageOf } from '../../../src/base/errors';
import type { Row } from '../implementation';
import type { Plan } from '../round-robin';
import { runHost } from './host';

export type FromWorker = { readonly line: string } | { readonly rows: Row[] } | { readonly failed: string };

const send = (message: FromWorker) => self.postMessage(message);

self.onmessage = async ({ data }: MessageEvent<Plan>) => {
  try {
    const { rows } = await runHost('browser', data, (line) => send({ line }));
    send({ rows });
  } catch (error) {
    send({ failed: messageOf(error) });
  }
};
