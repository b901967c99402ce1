/** One request to another host: quiet about who asks, watched while it runs, its failures told apart. */
import { isAbort, messageOf, type InputError } from '../../base/errors';
import { refusal } from '../refusal';
import { isFetchable } from './address';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Wire {
  readonly fetch: Fetch;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a byte before a connection counts as lost, and before the first new try (doubled for each). */
  readonly patience?: number;
  readonly pause?: number;
}

export const TRIES = 5;
const PATIENCE = 30_000;
const PAUSE = 500;
export const DOWNLOAD = 'Download the file, then drop it here.';

/** Nobody learns from the request who asks: no cookies, no page that it came from; and no second cache below ours. */
const QUIET: RequestInit = { credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store', redirect: 'follow' };

/** A connection that failed on its way: worth another try. */
export class Lost extends Error {
  constructor(
    message: string,
    readonly stalled = false,
  ) {
    super(message);
  }
}

/** One answer, its body under the same watch as its head. */
export class Answer {
  constructor(
    readonly name: string,
    readonly url: string,
    readonly response: Response,
    private readonly watch: Watch,
  ) {}

  async *pieces(): AsyncGenerator<Uint8Array> {
    const reader = this.response.body?.getReader();
    try {
      while (reader) {
        const { done, value } = await reader.read().catch((error: unknown) => this.watch.lost(error));
        if (done) return;
        this.watch.alive();
        yield value;
      }
    } finally {
      this.watch.close();
      // A body that is being read is let go by its reader.
      await reader?.cancel().catch(() => {});
    }
  }

  /** Lets the connection go without reading what it brings. */
  async discard(): Promise<void> {
    this.watch.close();
    await this.response.body?.cancel().catch(() => {});
  }

  /** The sentence for a status that brings no file. */
  async refused(): Promise<InputError> {
    await this.discard();
    const { status } = this.response;
    const host = hostIn(this.url);
    if (status === 401 || status === 403) return refusal('unauthorized', this.name, `${host} asks for a login (${status}): the file is private or gated, or the address is wrong. Logins are not sent from here: download the file there, then drop it.`);
    if (status === 404 || status === 410) return refusal('not-found', this.name, `${host} has no such file (${status}). Check the address: owner, name, revision and path.`);
    if (status === 429) return refusal('rate-limit', this.name, `${host} has had too many requests (429). Wait a few minutes, then open it again.`);
    return refusal('http-status', this.name, `${host} answered ${status}${status >= 500 ? ', a fault of its own. Try again later' : `, which brings no file. ${DOWNLOAD.slice(0, -1)}`}.`);
  }
}

/** Stops a request when the person does, and when nothing has come for too long. */
class Watch {
  readonly controller = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stalled = false;
  private readonly stop = () => this.controller.abort(this.wire.signal!.reason);

  constructor(private readonly wire: Wire) {
    wire.signal?.throwIfAborted();
    wire.signal?.addEventListener('abort', this.stop, { once: true });
    this.alive();
  }

  alive(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.stalled = true;
      this.controller.abort();
    }, this.wire.patience ?? PATIENCE);
  }

  close(): void {
    clearTimeout(this.timer);
    this.wire.signal?.removeEventListener('abort', this.stop);
  }

  /** Throws what a failed request means: the person's stop, or a lost connection. */
  lost(error: unknown): never {
    this.close();
    this.wire.signal?.throwIfAborted();
    if (this.stalled) throw new Lost('nothing came for too long', true);
    if (isAbort(error) || error instanceof TypeError) throw new Lost(causeOf(error));
    throw error;
  }
}

/** One request, tried again where the server is busy. Throws Lost, AbortError or InputError. */
export async function ask(name: string, url: string, range: string | null, wire: Wire): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    const watch = new Watch(wire);
    let response: Response;
    try {
      response = await wire.fetch(url, { ...QUIET, headers: range === null ? {} : { range }, signal: watch.controller.signal });
    } catch (error) {
      return watch.lost(error);
    }
    watch.alive();
    const answer = new Answer(name, url, response, watch);
    if (response.url !== '' && !isFetchable(new URL(response.url))) {
      await answer.discard();
      throw refusal('insecure-redirect', name, `${hostIn(url)} sends on to ${new URL(response.url).host} without encryption (http:). ${DOWNLOAD}`);
    }
    if ((response.status < 500 && response.status !== 429) || tries >= TRIES - 1) return answer;
    await answer.discard();
    await pause(wire, tries);
  }
}

/**
 * The first request says whether there is a way at all. A page is not told why a request failed: a second one, whose answer it may
 * not see, tells a server that is closed to pages from none; a third, that the first had not just lost its connection.
 * Throws AbortError or InputError.
 */
export async function askFirst(name: string, url: string, range: string | null, wire: Wire): Promise<Answer> {
  try {
    return await ask(name, url, range, wire);
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
    const { fetch, signal, patience = PATIENCE } = wire;
    const blind: RequestInit = { ...QUIET, method: 'HEAD', mode: 'no-cors', signal: AbortSignal.timeout(patience) };
    const answers = !error.stalled && (await fetch(url, blind).then(() => true, () => false));
    signal?.throwIfAborted();
    if (!answers) throw refusal('unreachable', name, `${hostIn(url)} cannot be reached (${error.message}). Check the address and the network, or download the file and drop it here.`);
  }
  try {
    return await ask(name, url, range, wire);
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
    throw refusal('cors', name, `${hostIn(url)} answers, but does not allow other pages to read its files (CORS). ${DOWNLOAD}`);
  }
}

/** A breath before the next try, longer each time. */
export async function pause({ signal, pause: first = PAUSE }: Wire, tries: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, first * 2 ** (tries - 1)));
  signal?.throwIfAborted();
}

export function hostIn(url: string): string {
  return new URL(url).host;
}

/** Node hides the reason of 'fetch failed' in the cause. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return messageOf(cause) || 'no reason given';
}
