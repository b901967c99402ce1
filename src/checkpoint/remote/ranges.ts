/**
 * Bytes of a file behind HTTP (RFC 9110, section 14): every slice must come as 206 with the right Content-Range and from the same
 * version of the file. If-Range is not sent, for browsers ask the server's leave for that header first; versions are compared instead.
 */
import { count, refusal } from '../refusal';
import { ask, askFirst, DOWNLOAD, hostIn, Lost, pause, TRIES, type Answer, type Wire } from './request';

/** A file whose server gives ranges, as it was at the first answer. */
export interface RangedFile {
  readonly name: string;
  readonly url: string;
  readonly size: number;
  /** Its ETag, else the time of its last change; null where the server tells neither. */
  readonly version: string | null;
}

/** A file of a server that ignores ranges is fetched whole up to this size. */
export const LARGEST_WHOLE = 256 * 2 ** 20;

/** Asks for the first byte: what comes is the file's size and version, or the whole file where ranges are ignored. Throws InputError. */
export async function probe(name: string, url: string, wire: Wire, whole: (size: number | null) => void = () => {}): Promise<RangedFile | Uint8Array> {
  const first = await askFirst(name, url, 'bytes=0-0', wire);
  const { response } = first;
  if (response.status === 206) {
    const range = contentRange(response);
    await first.discard();
    if (range && range.total !== null && range.begin === 0 && range.end === 1) return { name, url, size: range.total, version: versionOf(response) };
  } else if (response.status === 416 && /\/0$/.test(response.headers.get('content-range') ?? '')) {
    await first.discard();
    return new Uint8Array(0);
  } else if (response.status === 200) return readWhole(name, first, whole);
  else throw await first.refused();
  // A 206 whose Content-Range is missing or hidden from pages (Access-Control-Expose-Headers) says nothing to rely on.
  return readWhole(name, await askFirst(name, url, null, wire), whole);
}

/** A small text in one piece, and its headers. Throws InputError. */
export async function readText(name: string, url: string, wire: Wire): Promise<{ text: string; headers: Headers }> {
  const answer = await askFirst(name, url, null, wire);
  return { text: new TextDecoder().decode(await readWhole(name, answer)), headers: answer.response.headers };
}

/** Exactly the bytes [begin, end); a lost connection is taken up again at the byte where it broke. Throws InputError. */
export async function readRange(file: RangedFile, begin: number, end: number, wire: Wire): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - begin);
  let filled = 0;
  let tries = 0;
  while (filled < bytes.length) {
    const before = filled;
    try {
      const part = await ask(file.name, file.url, `bytes=${begin + filled}-${end - 1}`, wire);
      await checkSlice(part, file, begin + filled, end);
      for await (const piece of part.pieces()) {
        if (piece.length > bytes.length - filled) throw refusal('bad-range', file.name, `${hostIn(file.url)} sent more bytes than were asked for. ${DOWNLOAD}`);
        bytes.set(piece, filled);
        filled += piece.length;
      }
      if (filled < bytes.length) throw new Lost('the connection ended early');
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      // Progress earns new tries: a connection that drops every minute still brings the file.
      tries = filled > before ? 1 : tries + 1;
      if (tries >= TRIES) throw refusal('connection-lost', file.name, `the connection to ${hostIn(file.url)} was lost at byte ${count(begin + filled)} (${error.message}), and ${TRIES} tries did not bring it back. Check the network, then open it again.`);
      await pause(wire, tries);
    }
  }
  return bytes;
}

/** The answer was not what the file is: each difference has its sentence. */
async function checkSlice(part: Answer, file: RangedFile, begin: number, end: number): Promise<void> {
  const { response } = part;
  const host = hostIn(file.url);
  if (response.status !== 206 && response.status !== 200 && response.status !== 416) throw await part.refused();
  const version = versionOf(response);
  const range = contentRange(response);
  const size = range?.total ?? (response.status === 416 ? Number(/\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1] ?? file.size) : file.size);
  if (response.status === 206 && version === file.version && size === file.size && range?.begin === begin && range.end === end) return;
  await part.discard();
  if (size !== file.size) throw refusal('file-changed', file.name, `it changed on ${host} while it was read: it has ${count(size)} bytes now and had ${count(file.size)}. Open it again.`);
  if (version !== file.version) throw refusal('file-changed', file.name, `it changed on ${host} while it was read (its version was ${file.version ?? 'not told'} and is ${version ?? 'not told'}). Open it again.`);
  if (response.status === 200) throw refusal('range-ignored', file.name, `${host} gave a part of the file before and now sends the whole of it (${count(file.size)} bytes). ${DOWNLOAD}`);
  throw refusal('bad-range', file.name, `${host} sent other bytes than were asked for (${response.headers.get('content-range') ?? 'without Content-Range'}; expected bytes ${begin}-${end - 1}/${file.size}). ${DOWNLOAD}`);
}

async function readWhole(name: string, answer: Answer, whole: (size: number | null) => void = () => {}): Promise<Uint8Array> {
  if (answer.response.status !== 200) throw await answer.refused();
  const stated = answer.response.headers.get('content-length');
  const size = stated === null || answer.response.headers.has('content-encoding') ? null : Number(stated);
  const tooLarge = (found: string) =>
    refusal('range-ignored', name, `${hostIn(answer.url)} does not give parts of a file, or does not let pages see which (Accept-Ranges, Content-Range): the whole file of ${found} would have to be fetched, and at most ${count(LARGEST_WHOLE)} bytes are. ${DOWNLOAD}`);
  if (size !== null && size > LARGEST_WHOLE) {
    await answer.discard();
    throw tooLarge(`${count(size)} bytes`);
  }
  whole(size);
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of answer.pieces()) {
      pieces.push(piece);
      length += piece.length;
      if (length > LARGEST_WHOLE) throw tooLarge(`more than ${count(LARGEST_WHOLE)} bytes`);
    }
    if (size !== null && length < size) throw new Lost('it ended early');
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
    throw refusal('connection-lost', name, `the connection to ${hostIn(answer.url)} was lost after ${count(length)}${size === null ? '' : ` of ${count(size)}`} bytes (${error.message}), and this server gives no parts to go on with. Open it again.`);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function contentRange(response: Response): { begin: number; end: number; total: number | null } | null {
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
  return match && { begin: Number(match[1]), end: Number(match[2]) + 1, total: match[3] === '*' ? null : Number(match[3]) };
}

/** A CDN may weaken an ETag on its way (W/"…"); it still names the version. */
function versionOf(response: Response): string | null {
  return response.headers.get('etag')?.replace(/^W\//, '') ?? response.headers.get('last-modified');
}
