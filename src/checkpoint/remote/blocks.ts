/** Blocks of remote files that were fetched already: a few in memory, more where the host of this program can keep them. */

/** Bytes of a block; the last one of a file is shorter. */
export const BLOCK = 1 << 20;

/** What is kept beyond memory. Losing it costs nothing but time: a store that fails reads as empty. */
export interface BlockStore {
  read(key: string): Promise<Uint8Array | null>;
  write(key: string, bytes: Uint8Array): Promise<void>;
}

/** The least recently used leave memory first. */
export class Blocks {
  private readonly memory = new Map<string, Uint8Array>();
  private held = 0;

  constructor(
    private readonly store: BlockStore | null = null,
    private readonly budget = 64 * BLOCK,
  ) {}

  async get(key: string): Promise<Uint8Array | null> {
    const found = this.memory.get(key);
    if (found) {
      this.memory.delete(key);
      this.memory.set(key, found);
      return found;
    }
    return (await this.store?.read(key)) ?? null;
  }

  /** `again`: it may be wanted again soon. `lasting`: the key names this content for good, so that it may outlive this program. */
  async put(key: string, bytes: Uint8Array, again: boolean, lasting: boolean): Promise<void> {
    if (again && !this.memory.has(key)) {
      // A copy: what is remembered must not hold the whole run of blocks that it came with.
      this.memory.set(key, bytes.slice());
      this.held += bytes.length;
      for (const [oldest, old] of this.memory) {
        if (this.held <= this.budget) break;
        this.memory.delete(oldest);
        this.held -= old.length;
      }
    }
    if (lasting) await this.store?.write(key, bytes);
  }
}
