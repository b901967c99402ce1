/** Calls across a worker boundary: events, results, errors and cancel; a dead worker rejects what it owes. */
import { InputError } from '../base/errors';
import type { FromWorker, Method, Methods, ToWorker, WireError } from './protocol';

/** What a Worker, a worker's own scope and a Node MessagePort have in common. */
export interface Port {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  onmessage: ((event: { data: unknown }) => void) | null;
}

export function toWire(error: unknown): WireError {
  const e = error instanceof Error ? error : new Error(String(error));
  const input = error instanceof InputError ? error : null;
  return {
    name: e.name,
    message: e.message,
    code: input?.code ?? null,
    file: input?.file ?? null,
    tensor: input?.tensor ?? null,
    stack: e.stack ?? null,
  };
}

export function fromWire(wire: WireError): Error {
  if (wire.name === 'InputError') return new InputError(wire.code ?? 'input', wire.message, { file: wire.file ?? undefined, tensor: wire.tensor ?? undefined });
  if (wire.name === 'AbortError') return new DOMException(wire.message, 'AbortError');
  const error = new Error(wire.message);
  error.name = wire.name;
  if (wire.stack) error.stack = wire.stack;
  return error;
}

export type Handlers = {
  [M in Method]: (args: Methods[M]['args'], emit: (event: Methods[M]['event']) => void, signal: AbortSignal) => Promise<Methods[M]['result']>;
};

/** Answers calls that arrive on a port. */
export function serve(port: Port, handlers: Handlers): void {
  const running = new Map<number, AbortController>();
  port.onmessage = ({ data }) => {
    const message = data as ToWorker;
    if (message.type === 'cancel') return running.get(message.call)?.abort();
    const { call, method, args } = message;
    const controller = new AbortController();
    running.set(call, controller);
    const send = (reply: FromWorker) => port.postMessage(reply);
    const handler = handlers[method] as (a: unknown, emit: (e: unknown) => void, signal: AbortSignal) => Promise<unknown>;
    handler(args, (event) => send({ type: 'event', call, event }), controller.signal)
      .then((result) => send({ type: 'result', call, result }))
      .catch((error) => send({ type: 'error', call, error: toWire(error) }))
      .finally(() => running.delete(call));
  };
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: unknown): void;
  onEvent(event: unknown): void;
}

/** Makes calls on a port. */
export class Caller {
  private readonly pending = new Map<number, Pending>();
  private next = 1;
  private dead: Error | null = null;

  /** `alive` is told of every message from the other side. */
  constructor(
    private readonly port: Port,
    alive: () => void = () => {},
  ) {
    port.onmessage = ({ data }) => {
      alive();
      const message = data as FromWorker;
      const call = this.pending.get(message.call);
      if (!call) return;
      if (message.type === 'event') return call.onEvent(message.event);
      this.pending.delete(message.call);
      if (message.type === 'result') call.resolve(message.result);
      else call.reject(fromWire(message.error));
    };
  }

  /** Rejects with AbortError at once when `signal` aborts; `settled` tells when the other side has stopped too. */
  call<M extends Method>(
    method: M,
    args: Methods[M]['args'],
    onEvent: (event: Methods[M]['event']) => void = () => {},
    signal?: AbortSignal,
  ): { result: Promise<Methods[M]['result']>; settled: Promise<void> } {
    const id = this.next++;
    let settle!: () => void;
    const settled = new Promise<void>((resolve) => (settle = resolve));
    const result = new Promise<Methods[M]['result']>((resolve, reject) => {
      if (this.dead) return reject(this.dead);
      if (signal?.aborted) return reject(signal.reason);
      let live = true;
      const cancel = () => {
        live = false;
        reject(signal!.reason);
        this.port.postMessage({ type: 'cancel', call: id } satisfies ToWorker);
      };
      signal?.addEventListener('abort', cancel, { once: true });
      const end = (finish: () => void) => {
        signal?.removeEventListener('abort', cancel);
        settle();
        finish();
      };
      this.pending.set(id, {
        resolve: (value) => end(() => resolve(value as Methods[M]['result'])),
        reject: (error) => end(() => reject(error)),
        onEvent: (event) => live && onEvent(event as Methods[M]['event']),
      });
      this.port.postMessage({ type: 'call', call: id, method, args } satisfies ToWorker);
    });
    return { result, settled };
  }

  /** The other side is gone: everything that it owes is rejected. */
  fail(error: Error): void {
    this.dead = error;
    for (const call of this.pending.values()) call.reject(error);
    this.pending.clear();
  }
}
