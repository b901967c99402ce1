import type { Client } from '../worker/protocol';

/** Everything the store needs from outside: handed in by the composition root, and by tests. */
export interface Environment {
  client: Client;
  /** A bundled file, by its address relative to the page. */
  fetchFile(path: string): Promise<Blob>;
  /** A small text kept between visits; null when there is none. */
  recall(key: string): string | null;
  remember(key: string, value: string): void;
  /** The address of this page, without its fragment. */
  address(): string;
  /** Replaces the fragment without adding to the history. */
  setFragment(fragment: string): void;
  copyText(text: string): Promise<void>;
}
