/** Let the event loop run (messages, cancel) in the middle of a long computation, without timers' 4 ms clamp. */

const channel = typeof MessageChannel === 'undefined' ? null : new MessageChannel();
let waiting: (() => void)[] = [];
if (channel) {
  channel.port1.onmessage = () => {
    const ready = waiting;
    waiting = [];
    for (const resume of ready) resume();
  };
  // In Node an open port would keep the process alive.
  (channel.port1 as unknown as { unref?: () => void }).unref?.();
}

/** Yields one macrotask, then throws AbortError if `signal` was aborted meanwhile. */
export async function breathe(signal?: AbortSignal): Promise<void> {
  if (typeof setImmediate === 'function') await new Promise<void>((resolve) => setImmediate(resolve));
  else
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) channel!.port2.postMessage(0);
    });
  signal?.throwIfAborted();
}
