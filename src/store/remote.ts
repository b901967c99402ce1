/** Files behind addresses: opened as the person asks for them, never before. */
import { joined, type OpenedSummary } from '../analysis/events';
import { destinationsOf, type Destination, type Fetching, type Kept } from '../analysis/remote';
import { isAbort, messageOf } from '../base/errors';
import type { Environment } from './environment';
import type { Get, Set } from './store';

export interface RemoteSlice {
  /** What is being fetched; null while nothing is. */
  fetching: { destination: Destination; what: Fetching | null } | null;
  /** What is kept of remote files; null until asked for. */
  kept: Kept | null;
  /** Opens one address or several: each is fetched on its own, so that one that fails leaves the others. */
  openAddress(text: string): Promise<void>;
  /** The person agrees that the file of the link in view is fetched. */
  fetchPending(): Promise<void>;
  stopFetching(): void;
  lookAtKept(): Promise<void>;
  clearKept(): Promise<void>;
}

export function remoteSlice(set: Set, get: Get, { client }: Environment): RemoteSlice {
  let stop: AbortController | null = null;
  let lastTrouble: string | null = null;

  const open = async (destinations: readonly Destination[], signal: AbortSignal) => {
    const parts: OpenedSummary[] = [];
    const addresses = new Map<string, string>();
    for (const destination of destinations) {
      const { address, host } = destination;
      const more = destinations.length > 1 ? ` (${destinations.indexOf(destination) + 1} of ${destinations.length})` : '';
      set({ opening: `${address} from ${host}${more}`, fetching: { destination, what: null } });
      try {
        const opened = await client.openRemote(address, (what) => signal.aborted || set({ fetching: { destination, what } }), signal);
        for (const { id } of opened.checkpoints) addresses.set(id, address);
        for (const r of opened.refusals) get().refuse(r.tensor ? `${r.file} · ${r.tensor}` : r.file, r.message);
        parts.push(opened);
      } catch (error) {
        if (isAbort(error)) break;
        get().refuse(address, messageOf(error));
      }
    }
    return { all: joined(parts), addresses };
  };

  const tellTrouble = async () => {
    await get().lookAtKept();
    const trouble = get().kept?.trouble ?? null;
    if (trouble !== null && trouble !== lastTrouble) get().say(trouble);
    lastTrouble = trouble;
  };

  return {
    fetching: null,
    kept: null,

    openAddress: async (text) => {
      let destinations: Destination[];
      try {
        destinations = destinationsOf(text);
      } catch (error) {
        get().refuse('', messageOf(error));
        return;
      }
      stop?.abort();
      const mine = (stop = new AbortController());
      const { all, addresses } = await open(destinations, mine.signal);
      if (stop === mine) {
        stop = null;
        set({ opening: null, fetching: null });
      }
      if (all.probes.length > 0) set({ probes: [...get().probes, ...all.probes] });
      void tellTrouble();
      if (all.refusals.length < Object.values(all).flat().length) await get().receive(all, addresses);
    },

    fetchPending: async () => {
      const source = get().pending?.link.source;
      if (source?.kind === 'remote') await get().openAddress(source.address);
    },

    stopFetching: () => {
      if (!stop) return;
      stop.abort();
      get().say('Stopped fetching.');
    },

    lookAtKept: async () => {
      set({ kept: await client.kept(false).catch(() => null) });
    },

    clearKept: async () => {
      set({ kept: await client.kept(true).catch(() => null) });
      lastTrouble = null;
    },
  };
}
