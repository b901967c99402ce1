/** Calls over a real message channel. */
import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors';
import type { Request } from '../../src/analysis/request';
import { Caller, serve, type Handlers, type Port } from '../../src/worker/rpc';

const channels: MessageChannel[] = [];
afterEach(() => channels.splice(0).forEach((c) => c.port1.close()));

function connect(handlers: Partial<Handlers>): Caller {
  const channel = new MessageChannel();
  channels.push(channel);
  serve(channel.port2 as unknown as Port, handlers as Handlers);
  return new Caller(channel.port1 as unknown as Port);
}

const args = { id: '1', probe: null, request: {} as Request };
const never = () => new Promise<never>(() => {});

describe('the worker seam', () => {
  it('carries arguments, events in order, and the result', async () => {
    const seen: unknown[] = [];
    const caller = connect({
      analyze: async ({ id }, emit) => {
        for (let i = 0; i < 3; i++) emit({ type: 'progress', phase: 'gram', layer: id, done: i, total: 3, secondsLeft: null });
        return 'report' as never;
      },
    });
    expect(await caller.call('analyze', args, (e) => seen.push(e.type === 'progress' && e.done)).result).toBe('report');
    expect(seen).toEqual([0, 1, 2]);
  });

  it('errors cross with their kind, code, file and tensor', async () => {
    const caller = connect({ inspect: () => Promise.reject(new InputError('probe-shape', 'a sentence', { file: 'f.npz', tensor: 'inputs' })) });
    const error = await caller.call('inspect', { id: '1', probe: null, request: {} }).result.catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject({ code: 'probe-shape', message: 'a sentence', file: 'f.npz', tensor: 'inputs' });
  });

  it('cancel answers at once, stops the other side, and no event comes after', async () => {
    let stopped!: () => void;
    const told = new Promise<void>((resolve) => (stopped = resolve));
    const caller = connect({
      analyze: (_, emit, signal) =>
        new Promise((_resolve, reject) => {
          const timer = setInterval(() => emit({ type: 'progress', phase: 'gram', layer: null, done: 0, total: 1, secondsLeft: null }), 1);
          signal.addEventListener('abort', () => setTimeout(() => (clearInterval(timer), stopped(), reject(signal.reason)), 30));
        }),
    });
    const controller = new AbortController();
    let events = 0;
    const { result, settled } = caller.call('analyze', args, () => events++, controller.signal);
    await new Promise((r) => setTimeout(r, 30));
    expect(events).toBeGreaterThan(0);
    controller.abort();
    const before = events;
    // At once: before the other side, which takes its time, has stopped.
    expect(await Promise.race([result.catch((error: Error) => error.name), told.then(() => 'stopped first')])).toBe('AbortError');
    await told;
    await settled;
    expect(events).toBe(before);
  });

  it('a dead worker rejects what it owes, and what is asked of it later', async () => {
    const caller = connect({ open: never, inspect: never });
    const waiting = [caller.call('open', { files: [] }).result, caller.call('inspect', { id: '1', probe: null, request: {} }).result];
    caller.fail(new Error('it stopped'));
    for (const call of waiting) await expect(call).rejects.toThrow('it stopped');
    await expect(caller.call('open', { files: [] }).result).rejects.toThrow('it stopped');
  });
});
