/** Several tasks at a time that stand or fall as one. */

/**
 * Results of task(0) … task(count - 1), in this order, at most `limit` running at a time. The first error, or the reason of `signal`,
 * aborts what runs and is thrown when all of it has stopped.
 */
export async function together<R>(count: number, limit: number, task: (index: number, signal: AbortSignal) => Promise<R>, signal?: AbortSignal): Promise<R[]> {
  signal?.throwIfAborted();
  const stop = new AbortController();
  const abort = () => stop.abort(signal!.reason);
  signal?.addEventListener('abort', abort);
  const results = new Array<R>(count);
  let next = 0;
  const lane = async () => {
    while (next < count && !stop.signal.aborted) {
      const index = next++;
      results[index] = await task(index, stop.signal);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, count) }, () => lane().catch((error) => stop.abort(error))));
  signal?.removeEventListener('abort', abort);
  stop.signal.throwIfAborted();
  return results;
}
