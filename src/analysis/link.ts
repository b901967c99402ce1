/**
 * The share link: `#v1.<base64url(deflate(json))>`, everything that restores a view, and no weights. A link is hostile input: its size
 * is bounded before and after decompression, and nothing of it is used before the schema has seen it.
 */
import { Inflate, deflateSync } from 'fflate';
import { z } from 'zod';
import { joinBytes } from '../base/bytes';
import { InputError } from '../base/errors';
import { DirectionId } from './direction-id';
import { VERDICTS } from './directions-schema';
import { PATH_READINGS } from './path-readings';
import { isShareable } from './remote';
import { SIDES, type Report } from './report';
import { Request } from './request';
import { PATH_AXES } from './slopes';

const text = z.string().max(1000);

const own = { name: text, fingerprint: z.string().max(100), probe: z.object({ name: text, fingerprint: z.string().max(100) }).nullable() };

/** Where the checkpoint is to be had. */
export const Source = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('example'), id: z.string().regex(/^[a-z0-9-]{1,64}$/) }),
  z.object({ kind: z.literal('local'), ...own }),
  /** Nothing is fetched before whoever opens the link agrees. */
  z.object({ kind: z.literal('remote'), address: text.refine(isShareable), ...own }),
]);

export const TABS = ['spectra', 'directions', 'trajectory', 'llc', 'report'] as const;
export const OVERVIEWS = ['logDetPlus', 'deficit', 'heatmap'] as const;

const sort = z.object({ key: z.string().max(32), descending: z.boolean() }).nullable();
const allDirections = { sort: null, verdict: null, detector: null };

export const View = z.object({
  tab: z.enum(TABS),
  /** Selected layer, null = the first. */
  layer: text.nullable(),
  /** Sides drawn. */
  sides: z.array(z.enum(SIDES)).max(4),
  /** 'relative': eigenvalues over the largest; 'absolute': as they are. */
  scale: z.enum(['relative', 'absolute']),
  /** 'log' spreads the head, 'linear' the tail. */
  index: z.enum(['linear', 'log']),
  /** Axis ranges after a zoom, in plotly's units (log10 on log axes); null = automatic. */
  range: z.object({ x: z.tuple([z.number(), z.number()]), y: z.tuple([z.number(), z.number()]) }).nullable(),
  /** What the figure of all layers compares. */
  overview: z.enum(OVERVIEWS),
  /** Column that the table is sorted by; null = the order of the layers. */
  sort,
  /** Glob or part of a layer's name; empty = all. */
  filter: z.string().max(200),
  /** Selected direction, by the order in which they were found; null = the first of the layer. */
  direction: z.int().min(0).max(100_000).nullable().default(null),
  /** How directions are listed; a null leaves out nothing. */
  directions: z
    .object({ sort, verdict: z.enum(VERDICTS).nullable(), detector: z.string().max(64).nullable() })
    .default(allDirections),
});

/** What of a trajectory is in view. */
export const PathView = z.object({
  /** A run of checkpoints, or a line through the current one. */
  kind: z.enum(['run', 'line']),
  /** What a line goes along; null = a random direction. */
  direction: DirectionId.nullable(),
  axis: z.enum(PATH_AXES),
  reading: z.enum(PATH_READINGS),
  /** First and last point of the fits; null = where most eigenvalues are alive. */
  window: z.tuple([z.int().min(0), z.int().min(0)]).readonly().nullable(),
  /** Point whose spectrum is drawn; null = the last. */
  at: z.int().min(0).nullable(),
});

export type PathView = z.infer<typeof PathView>;

export const defaultPath: PathView = { kind: 'run', direction: null, axis: 'log distance', reading: 'logDetPlus', window: null, at: null };

/** The numbers that travel with a link to a local file: one row per spectrum. */
export const DigestRow = z.object({
  layer: text,
  side: z.enum(SIDES),
  dimension: z.int().min(0),
  rank: z.int().min(0).nullable(),
  /** Largest eigenvalue, smallest above the floor, log det+; 5 significant digits. */
  lambdaMax: z.number().nullable(),
  lambdaPlusMin: z.number().nullable(),
  logDetPlus: z.number().nullable(),
});

export const Link = z.object({
  source: Source,
  /** Memory is the machine's own, and changes no number. */
  request: Request.omit({ memory: true }),
  view: View,
  /** Where there is a trajectory in view. */
  path: PathView.optional(),
  /** Provenance.grams where the link was made: whoever opens it can tell whether every Gram came out the same, bit for bit. */
  grams: z.string().regex(/^[0-9a-f]{64}$/).nullable().default(null),
  digest: z.array(DigestRow).max(64),
});

export type Link = z.infer<typeof Link>;
export type Source = z.infer<typeof Source>;
export type View = z.infer<typeof View>;
export type DigestRow = z.infer<typeof DigestRow>;

export const defaultView: View = {
  tab: 'spectra',
  layer: null,
  sides: ['activation', 'gradient'],
  scale: 'relative',
  index: 'linear',
  range: null,
  overview: 'logDetPlus',
  sort: null,
  filter: '',
  direction: null,
  directions: allDirections,
};

/** A link is refused above this many characters, or if it inflates to more than `MAX_INFLATED` bytes. */
const MAX_LINK = 64 * 1024;
const MAX_INFLATED = 1024 * 1024;
/** A digest is left out of links that would pass this many characters with it. */
const TARGET_LINK = 2048;

/** The fragment of a link, with its leading '#'. */
export function encodeLink(link: Link): string {
  const full = packLink(link);
  return full.length <= TARGET_LINK ? full : shrink(link);
}

/** Drops rows of the digest from the end until the link is short enough. */
function shrink(link: Link): string {
  let digest = link.digest;
  for (;;) {
    digest = digest.slice(0, Math.floor(digest.length / 2));
    const packed = packLink({ ...link, digest });
    if (packed.length <= TARGET_LINK || digest.length === 0) return packed;
  }
}

/** Any plain data as the fragment of a link. */
export function packLink(data: unknown): string {
  const bytes = deflateSync(new TextEncoder().encode(JSON.stringify(data)), { level: 9 });
  return '#v1.' + toBase64Url(bytes);
}

/** @throws InputError with a sentence that says why the link cannot be opened. */
export function decodeLink(fragment: string): Link {
  return readLink(Link, unpackLink(fragment));
}

/** What a link of any kind holds, seen by no schema yet. Throws InputError as `decodeLink` does. */
export function unpackLink(fragment: string): unknown {
  const body = fragment.replace(/^#/, '');
  const version = /^v(\d{1,6})\./.exec(body);
  if (!version) throw refuse('link-format', 'This link does not start with "#v1.", so it is not a Deadreckon link. Copy it again, whole.');
  if (version[1] !== '1') {
    throw refuse('link-version', `This link is of version ${version[1]}; this page reads version 1. Open it with a newer Deadreckon.`);
  }
  if (body.length > MAX_LINK) throw refuse('link-size', `This link has ${body.length} characters; at most ${MAX_LINK} are read.`);
  const json = inflate(fromBase64Url(body.slice(version[0].length)));
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch {
    throw refuse('link-content', 'This link is damaged: what it holds is not readable text. Copy it again, whole.');
  }
}

/** @throws InputError naming the field that does not fit. */
export function readLink<S extends z.ZodType>(schema: S, data: unknown): z.infer<S> {
  const parsed = schema.safeParse(data);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const where = issue.path.map(String).join('.').slice(0, 80) || 'the top level';
    throw refuse('link-schema', `This link holds a value that Deadreckon does not understand, at ${where}. Copy it again, whole.`);
  }
  return parsed.data;
}

/** The rows of a report that a link carries. */
export function digestOf(report: Report): DigestRow[] {
  return report.spectra.slice(0, 64).map((s) => {
    const value = (name: string) => round(s.readings.find((r) => r.name === name)?.value ?? null);
    return {
      layer: s.tap.layer.slice(0, 1000),
      side: s.tap.side,
      dimension: s.dimension,
      rank: s.rank,
      lambdaMax: value('lambdaMax'),
      lambdaPlusMin: value('lambdaPlusMin'),
      logDetPlus: value('logDetPlus'),
    };
  });
}

function round(x: number | null): number | null {
  return x === null ? null : Number(x.toPrecision(5));
}

function refuse(code: string, message: string): InputError {
  return new InputError(code, message);
}

/** Inflates in pieces and stops at the first byte too many: a bomb is never unpacked. */
function inflate(bytes: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const stream = new Inflate((piece) => {
    size += piece.length;
    if (size > MAX_INFLATED) throw refuse('link-bomb', `This link unpacks to more than ${MAX_INFLATED} bytes, which no view needs. It was not opened.`);
    pieces.push(piece);
  });
  try {
    // Small pieces in, so that one piece out stays small too.
    for (let i = 0; i < bytes.length; i += 512) stream.push(bytes.subarray(i, i + 512), i + 512 >= bytes.length);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw refuse('link-content', 'This link is damaged: it does not unpack. Copy it again, whole.');
  }
  return joinBytes(pieces);
}

function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (const b of bytes) binary += String.fromCharCode(b);
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

function fromBase64Url(text: string): Uint8Array {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) {
    throw refuse('link-content', 'This link is damaged: it holds characters that a Deadreckon link never has. Copy it again, whole.');
  }
  try {
    return Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  } catch {
    throw refuse('link-content', 'This link is damaged: its length is not possible. Copy it again, whole.');
  }
}
