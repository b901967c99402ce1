/** A restarted engine gets everything back under the ids that the page knows. */
import { expect, it } from 'vitest';
import type { OpenedSummary } from '../../src/analysis/events';
import { EngineClient } from '../../src/worker/client';
import type { FromWorker, ToWorker } from '../../src/worker/protocol';

const summary = (id: string) => ({ checkpoints: [{ id }], probes: [], reports: [], refusals: [] }) as unknown as OpenedSummary;

it('opens files and addresses again, in order, each address under its own ids', async () => {
  const calls: [string, unknown][] = [];
  const workers: { onerror?: (event: unknown) => void }[] = [];
  const make = () => {
    const worker = {
      onmessage: null as ((event: { data: FromWorker }) => void) | null,
      terminate() {},
      postMessage(message: ToWorker) {
        if (message.type !== 'call') return;
        calls.push([message.method, message.args]);
        const { address } = message.args as { address?: string };
        const result = address === 'hf:a/gone@main' ? { ...summary(''), checkpoints: [] } : summary('1');
        queueMicrotask(() => worker.onmessage!({ data: { type: 'result', call: message.call, result } }));
      },
    };
    workers.push(worker as never);
    return worker as unknown as Worker;
  };
  const client = new EngineClient(make);
  const signal = new AbortController().signal;
  const blob = new Blob(['x']);
  await client.openRemote('hf:a/b@main', () => {}, signal);
  await client.openRemote('hf:a/gone@main', () => {}, signal);
  await client.open([{ name: 'm.pt', file: blob }]);
  await client.openRemote('hf:c/d@main', () => {}, signal);
  const again = [
    ['openRemote', { address: 'hf:a/b@main', prefix: 'remote-1-' }],
    ['open', { files: [{ name: 'm.pt', file: blob }] }],
    ['openRemote', { address: 'hf:c/d@main', prefix: 'remote-3-' }],
  ];
  expect(calls.filter(([, args]) => (args as { address?: string }).address !== 'hf:a/gone@main')).toEqual(again);
  calls.length = 0;
  workers[0]!.onerror!({ preventDefault() {}, message: 'out of memory' });
  await client.kept(false);
  expect(calls).toEqual([...again, ['kept', { clear: false }]]);
});
