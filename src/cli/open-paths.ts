/** What the words of a command line open: files, folders, and addresses of files elsewhere. */
import { joined, type OpenedSummary } from '../analysis/events';
import { destinationsOf, looksRemote, Remote } from '../analysis/remote';
import type { Session } from '../analysis/session';
import type { ByteSource, Refusal } from '../checkpoint/types';
import { walkFiles } from './file-source';

/** One drop: what belongs together, and what could not be had. */
interface Drop {
  files: ByteSource[];
  refusals: Refusal[];
  /** Whether its files come out of a folder and have no order of their own. */
  folder: boolean;
}

/** The paths are one drop, each address is one of its own. `fromHere` makes a path absolute. Throws InputError for an address that is none. */
export async function dropsAt(words: readonly string[], fromHere: (path: string) => string, say: (line: string) => void, signal: AbortSignal): Promise<Drop[]> {
  const paths = words.filter((word) => !looksRemote(word));
  const destinations = words.filter(looksRemote).flatMap(destinationsOf);
  const drops = paths.length > 0 ? [await walkFiles(paths.map(fromHere))] : [];
  // Nothing is kept on disk: what is read twice is small.
  const remote = new Remote({ fetch: (url, init) => fetch(url, init), store: null });
  for (const { address, host } of destinations) {
    say(`${address}: from ${host}`);
    drops.push({ folder: false, ...(await remote.files(address, ({ name, host: from, size, whole }) => whole && say(`${name}: ${from} gives no parts; all of it is fetched${size === null ? '' : ` (${size} bytes)`}`), signal)) });
  }
  return drops;
}

/** Opens every drop in one session. */
export async function openDrops(session: Session, drops: readonly Drop[], signal: AbortSignal): Promise<OpenedSummary> {
  const parts: OpenedSummary[] = [];
  for (const { files, refusals } of drops) {
    const opened = await session.open(files, signal);
    parts.push({ ...opened, refusals: [...refusals, ...opened.refusals] });
  }
  return joined(parts);
}
