/** Bounded decompression through the platform's DecompressionStream. */

export class InflateError extends Error {}

const CHUNK = 1 << 18;

/**
 * At most `limit` bytes of the compressed run [begin, end) that `read` gives. Throws InflateError where the stream is damaged or
 * makes more than `limit`; with `prefix`, stops quietly as soon as `limit` bytes are there.
 */
export async function inflate(
  kind: 'deflate-raw' | 'deflate' | 'gzip',
  read: (begin: number, end: number) => Promise<Uint8Array>,
  begin: number,
  end: number,
  limit: number,
  prefix = false,
): Promise<Uint8Array> {
  let at = begin;
  let readError: unknown;
  const compressed = new ReadableStream<BufferSource>({
    async pull(controller) {
      if (at >= end) return controller.close();
      try {
        const next = Math.min(end, at + CHUNK);
        const bytes = await read(at, next);
        at = next;
        controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
      } catch (error) {
        readError = error;
        throw error;
      }
    },
  });
  const reader = compressed.pipeThrough(new DecompressionStream(kind)).getReader();
  const chunks: Uint8Array[] = [];
  let total = 0;
  try {
    while (total < limit || !prefix) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      total += value.length;
      if (total > limit && !prefix) throw new InflateError('makes more bytes than it declares');
    }
  } catch (error) {
    if (readError !== undefined) throw readError;
    throw error instanceof InflateError ? error : new InflateError('is damaged');
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  const out = new Uint8Array(Math.min(total, limit));
  let filled = 0;
  for (const chunk of chunks) {
    out.set(chunk.length > out.length - filled ? chunk.subarray(0, out.length - filled) : chunk, filled);
    filled = Math.min(out.length, filled + chunk.length);
  }
  return out;
}
