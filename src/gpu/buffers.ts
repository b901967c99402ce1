/** GPU buffers that are used again, with exact accounts of what is alive. */
import { assert } from '../base/errors';

export interface BufferAccount {
  /** Buffers in somebody's hands. */
  readonly live: { count: number; bytes: number };
  /** Buffers kept for the next one who asks. */
  readonly kept: { count: number; bytes: number };
}

/** Beyond this, released buffers are destroyed, not kept. */
const KEPT_BYTES = 256 * 2 ** 20;

export class BufferPool {
  private readonly live = new Set<GPUBuffer>();
  private readonly kept = new Map<string, GPUBuffer[]>();
  private disposed = false;
  private readonly account: BufferAccount = { live: { count: 0, bytes: 0 }, kept: { count: 0, bytes: 0 } };

  constructor(private readonly device: GPUDevice) {}

  /** A buffer of exactly `size` bytes (made a multiple of 4) with old contents: whoever needs zeros clears it. */
  acquire(size: number, usage: GPUBufferUsageFlags, label: string): GPUBuffer {
    const bytes = Math.max(4, Math.ceil(size / 4) * 4);
    const buffer = this.kept.get(key(bytes, usage))?.pop() ?? null;
    if (buffer) {
      add(this.account.kept, -1, bytes);
      buffer.label = label;
    }
    const given = buffer ?? this.device.createBuffer({ size: bytes, usage, label });
    this.live.add(given);
    add(this.account.live, 1, bytes);
    return given;
  }

  /** Once per acquired buffer, unmapped; work that was submitted before may still use it. After `dispose` there is nothing to do. */
  release(...buffers: GPUBuffer[]): void {
    if (this.disposed) return;
    for (const buffer of buffers) {
      assert(this.live.delete(buffer), `buffer ${buffer.label} was released twice or is not of this pool`);
      add(this.account.live, -1, buffer.size);
      if (this.account.kept.bytes + buffer.size > KEPT_BYTES) {
        buffer.destroy();
        continue;
      }
      const name = key(buffer.size, buffer.usage);
      const list = this.kept.get(name);
      if (list) list.push(buffer);
      else this.kept.set(name, [buffer]);
      add(this.account.kept, 1, buffer.size);
    }
  }

  /** A copy of the accounts. */
  count(): BufferAccount {
    return structuredClone(this.account);
  }

  /** Destroys everything, live buffers too. */
  dispose(): void {
    this.disposed = true;
    for (const buffer of this.live) buffer.destroy();
    for (const list of this.kept.values()) for (const buffer of list) buffer.destroy();
    this.live.clear();
    this.kept.clear();
    Object.assign(this.account, { live: { count: 0, bytes: 0 }, kept: { count: 0, bytes: 0 } });
  }
}

const key = (bytes: number, usage: GPUBufferUsageFlags) => `${usage}:${bytes}`;

function add(total: { count: number; bytes: number }, count: 1 | -1, bytes: number): void {
  total.count += count;
  total.bytes += count * bytes;
}
