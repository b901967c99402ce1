/** What the words of a command line open: files, folders, and addresses of files elsewhere. */
import { joined, whyUnfit, type OpenedSummary } from '../analysis/events';
import { destinationsOf, looksRemote, Remote } from '../analysis/remote';
import type { Session } from '../analysis/session';
import { InputError } from '../base/errors';
import { bufferSource } from '../checkpoint/sources';
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

/** What the words of --probe and --text say, each at most one probe. */
export interface ProbeWords {
  /** Files or folders of one probe. */
  probes: string[];
  text: string | null;
}

/** The probe of --text or --probe, else the first among the paths that fits the first checkpoint. Throws InputError where it cannot be read. */
export async function findProbe(session: Session, { probes, text }: ProbeWords, opened: OpenedSummary, fromHere: (path: string) => string, say: (line: string) => void, signal: AbortSignal) {
  if (text !== null) return session.openProbe([bufferSource('text.txt', new TextEncoder().encode(text))], signal);
  if (probes.length > 0) {
    const drops = await dropsAt(probes, fromHere, say, signal);
    const refused = drops.flatMap((drop) => drop.refusals)[0];
    if (refused) throw new InputError('probe', refused.message);
    return session.openProbe(drops.flatMap((drop) => drop.files), signal);
  }
  const inspection = opened.checkpoints[0];
  for (const probe of opened.probes) {
    const reason = inspection ? await whyUnfit(probe, inspection, opened.sideFiles, () => session.inspect(inspection.id, {}, probe.id)) : null;
    if (reason === null) return session.probe(probe.id);
    say(reason);
  }
  return null;
}
