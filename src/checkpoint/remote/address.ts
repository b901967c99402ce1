/** What a person may write for a file elsewhere, and what it means. Nothing is fetched here. */
import { InputError } from '../../base/errors';

export type Address =
  | { readonly kind: 'url'; readonly url: string }
  /** A file of a model repository on the Hugging Face Hub, or one of its folders: a path that is '' or ends with '/'. */
  | { readonly kind: 'hub'; readonly repository: string; readonly revision: string; readonly path: string };

export const HUB = 'https://huggingface.co';

const LONGEST = 1000;
const MOST = 500;
const NAME = /^\w[\w.-]{0,95}$/;
const REVISION = /^\w[\w.-]*(\/\w[\w.-]*)*$/;
const FORMS = 'an address is hf:owner/repository@revision/path, or begins with https://';

/** Whether a text is meant as an address, right or wrong: a path of this machine and a share link are not. */
export function looksRemote(text: string): boolean {
  return /^(hf|[a-z][a-z0-9+.-]+):/i.test(text.trim()) && !/#v\d+\./.test(text);
}

/** One address or several, with blanks or line ends between; `@step1,step2` is one address for each revision. Throws InputError. */
export function parseAddresses(text: string): Address[] {
  const found = new Map<string, Address>();
  for (const word of text.trim().split(/\s+/)) for (const address of parse(word)) found.set(addressText(address), address);
  if (found.size > MOST) throw refuse(`These are ${found.size} addresses; at most ${MOST} are opened at once.`);
  return [...found.values()];
}

/** The one address of a text. Throws InputError. */
export function parseAddress(text: string): Address {
  const [address, another] = parseAddresses(text);
  if (another) throw refuse('This names several files; expected one address.');
  return address!;
}

/** The shortest text that means this address and no other: it parses back to it. */
export function addressText(address: Address): string {
  if (address.kind === 'url') return address.url;
  const { repository, revision, path } = address;
  return `hf:${repository}@${revision.replaceAll('/', '%2F')}${path === '' ? '' : `/${escaped(path)}`}`;
}

/** The host that is asked first; it may send on to another, such as its CDN. */
export function hostOf(address: Address): string {
  return new URL(address.kind === 'url' ? address.url : HUB).host;
}

/** Where a file of the Hub is fetched. */
export function hubUrl(repository: string, revision: string, path: string): string {
  return `${HUB}/${repository}/resolve/${encodeURIComponent(revision)}/${escaped(path)}`;
}

/** A path as it stands in an address: blanks and signs with a meaning of their own become %xx. */
export function escaped(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** Whether a page may fetch it at all: https, or http from this machine itself. */
export function isFetchable(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLocalhost(url.hostname));
}

/** Whether an address points into the reader's own network: a stranger's link has no business there. This machine itself does not count. */
export function isPrivate(address: Address): boolean {
  const { hostname } = new URL(address.kind === 'url' ? address.url : HUB);
  if (isLocalhost(hostname)) return false;
  // The URL standard has already turned every spelling of an IPv4 address into four decimal numbers.
  if (hostname.startsWith('[')) return !/^\[[23]/.test(hostname);
  const numbers = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(hostname);
  if (numbers) {
    const [a, b] = [Number(numbers[1]), Number(numbers[2])];
    return a === 0 || a === 10 || a === 127 || a >= 224 || (a === 100 && b >= 64 && b < 128) || (a === 169 && b === 254) || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168);
  }
  return !hostname.includes('.') || /\.(local|localhost|internal|intranet|lan|home|corp|home\.arpa)\.?$/.test(hostname);
}

function isLocalhost(hostname: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

function refuse(sentence: string): InputError {
  return new InputError('address', sentence);
}

function parse(word: string): Address[] {
  if (word.length > LONGEST) throw refuse(`This address has ${word.length} characters; at most ${LONGEST} are read.`);
  if (/^hf:/i.test(word)) return parseHub(word.slice(3).replace(/^\/\//, ''));
  let url: URL;
  try {
    url = new URL(word);
  } catch {
    throw refuse(`"${word.slice(0, 80)}" is not an address; ${FORMS}.`);
  }
  if (!isFetchable(url)) {
    throw refuse(url.protocol === 'http:' ? `"${url.host}" is addressed without encryption (http:); expected https:, except from this machine itself.` : `"${url.protocol}" is not fetched; ${FORMS}.`);
  }
  if (url.username || url.password) throw refuse('This address holds a user name or password, which is not sent from here. Download the file, then drop it.');
  url.hash = '';
  return fromPage(url);
}

/** The file behind the page that shows it, on the sites where people copy addresses of pages. */
function fromPage(url: URL): Address[] {
  const parts = url.pathname.split('/').slice(1).map(decoded);
  if (url.hostname === 'github.com' && (parts[2] === 'blob' || parts[2] === 'raw') && parts.length > 4) {
    return [{ kind: 'url', url: `https://raw.githubusercontent.com/${escaped([...parts.slice(0, 2), ...parts.slice(3)].join('/'))}` }];
  }
  if (!['huggingface.co', 'www.huggingface.co', 'hf.co'].includes(url.hostname)) return [{ kind: 'url', url: url.href }];
  if (parts[0] === 'datasets' || parts[0] === 'spaces') {
    return [{ kind: 'url', url: `${HUB}/${parts.map((part, i) => (i === 3 && (part === 'blob' || part === 'raw') ? 'resolve' : encodeURIComponent(part))).join('/')}` }];
  }
  const [owner, repository, view, revision = 'main', ...path] = parts.filter((part, i) => part !== '' || i < 2);
  if (!owner || !repository) throw refuse(`"${url.pathname.slice(0, 80)}" is no model repository of the Hub; expected ${HUB}/owner/repository.`);
  if (view !== undefined && !['blob', 'resolve', 'raw', 'tree'].includes(view)) throw refuse(`"${view.slice(0, 40)}" is a page of the Hub, not a file; expected ${HUB}/owner/repository/blob/revision/path.`);
  const folder = view === 'tree' && path.length > 0;
  return [checked(owner, repository, revision, path.join('/') + (folder ? '/' : ''))];
}

function parseHub(text: string): Address[] {
  const match = /^([^/@]+)\/([^/@]+)(?:@([^/]+))?(?:\/(.*))?$/.exec(text);
  if (!match) throw refuse(`"hf:${text.slice(0, 80)}" is not complete; expected hf:owner/repository, and @revision and /path where they matter.`);
  const [, owner, repository, revisions = 'main', path = ''] = match;
  return revisions.split(',').map((revision) => checked(owner!, repository!, decoded(revision), decoded(path)));
}

function checked(owner: string, name: string, revision: string, path: string): Address {
  if (!NAME.test(owner) || !NAME.test(name)) throw refuse(`"${owner.slice(0, 40)}/${name.slice(0, 40)}" cannot be a repository of the Hub: its names are of letters, digits, '-', '_' and '.'.`);
  if (!REVISION.test(revision) || revision.includes('..')) throw refuse(`"${revision.slice(0, 80)}" cannot be a revision: expected a branch, a tag or a commit.`);
  const parts = path.replace(/\/$/, '').split('/');
  if (path !== '' && (parts.some((part) => part === '' || part === '.' || part === '..') || /[\\?#\p{Cc}]/u.test(path))) {
    throw refuse(`"${path.slice(0, 80)}" cannot be a path in a repository: expected names with '/' between them.`);
  }
  return { kind: 'hub', repository: `${owner}/${name}`, revision, path };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw refuse(`"${part.slice(0, 80)}" holds a broken percent sign. Copy the address again, whole.`);
  }
}
