/** Addresses in place of files: what the page and the command line both do with them. */
import { InputError } from '../base/errors';
import { addressText, hostOf, isPrivate, looksRemote, parseAddress, parseAddresses } from '../checkpoint/remote/address';
import { Blocks, type BlockStore } from '../checkpoint/remote/blocks';
import { remoteFiles } from '../checkpoint/remote/hub';
import type { Fetch } from '../checkpoint/remote/request';
import type { Fetching } from '../checkpoint/remote/source';
import type { ByteSource, Refusal } from '../checkpoint/types';

export { looksRemote };
export type { BlockStore, Fetch, Fetching };

/** What is fetched, in words that fit into a line. */
export interface Destination {
  /** The address in its shortest form, as links carry it. */
  readonly address: string;
  readonly host: string;
}

/** The destinations of what a person typed. Throws InputError. */
export function destinationsOf(text: string): Destination[] {
  return parseAddresses(text).map((address) => ({ address: addressText(address), host: hostOf(address) }));
}

/** Whether a link may carry an address: it is in its one form, and not inside the network of whoever opens the link. */
export function isShareable(text: string): boolean {
  try {
    const address = parseAddress(text);
    return addressText(address) === text && !isPrivate(address);
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

/** Everything that fetching needs from outside. */
export interface Network {
  readonly fetch: Fetch;
  /** Where fetched parts are kept between visits; null = in memory only. */
  readonly store: BlockStore | null;
}

/** What is kept of remote files between visits. */
export interface Kept {
  bytes: number;
  /** Why nothing more is kept, in a sentence; null where all is well. */
  trouble: string | null;
}

/** Fetches what addresses mean. Nothing else in this program makes a request to another host. */
export class Remote {
  private readonly blocks: Blocks;

  constructor(private readonly network: Network) {
    this.blocks = new Blocks(network.store);
  }

  /** The files of one address; those that cannot be had become a refusal. */
  async files(address: string, tell: (what: Fetching) => void, signal?: AbortSignal): Promise<{ files: ByteSource[]; refusals: Refusal[] }> {
    try {
      return { files: await remoteFiles(parseAddress(address), { fetch: this.network.fetch, blocks: this.blocks, tell, signal }), refusals: [] };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return { files: [], refusals: [{ file: error.file ?? address, tensor: null, code: error.code, message: error.message }] };
    }
  }
}
