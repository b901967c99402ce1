/** Hashes of Gram matrices: what another machine must reproduce to have verified an analysis bit for bit. */
import { breathe } from '../base/breathe';
import { Sha256, sha256 } from '../base/sha256';
import type { Factor } from '../numerics/gram-operator';
import type { Gram } from '../numerics/types';
import type { GramHash, Report, Spectrum } from './report';
import type { Request } from './request';

/**
 * SHA-256 of the integers of an exact Gram, which are the same on every device; else of the words of its upper triangle row by row, hi then
 * lo, which are the same wherever the taps are (float64 arithmetic is fixed, and the pairs are those of exact integers).
 */
export async function gramHash({ dimension: n, hi, lo, digest }: Gram): Promise<GramHash> {
  if (digest !== null) return { of: 'integers', sha256: digest };
  const entries = (n * (n + 1)) / 2;
  const words = new Float64Array(entries * (lo ? 2 : 1));
  for (const [values, start] of [[hi, 0], [lo, entries]] as const) {
    if (values) for (let i = 0, at = start; i < n; at += n - i++) words.set(values.subarray(i * n + i, (i + 1) * n), at);
  }
  return { of: 'words', sha256: await sha256(new Uint8Array(words.buffer)) };
}

/** Bytes that are hashed between two breaths. */
const PIECE = 2 ** 20;

/** SHA-256 of the words of a factor, as they were read, where no Gram is made of it; the platform's would copy them first. Throws AbortError. */
export async function factorHash({ values }: Factor, signal?: AbortSignal): Promise<GramHash> {
  const digest = new Sha256();
  for (let at = 0; at < values.byteLength; at += PIECE) {
    digest.update(new Uint8Array(values.buffer, values.byteOffset + at, Math.min(PIECE, values.byteLength - at)));
    await breathe(signal);
  }
  return { of: 'words', sha256: digest.hexadecimal() };
}

/** One hash for all spectra of a report, in their order. */
export function fingerprintOf(spectra: readonly Spectrum[]): Promise<string> {
  const lines = spectra.map(({ tap, gram }) => JSON.stringify([tap.layer, tap.side, gram.of, gram.sha256]));
  return sha256(new TextEncoder().encode(lines.join('\n')));
}

/** What to run to get a report again: its request, on the backend that ran. */
export function sameAgain({ request, provenance }: Report): Request {
  return { ...request, backend: provenance.backend === 'webgpu' ? 'webgpu' : 'cpu-f64' };
}

/** What a second run of the same analysis says about the first. */
export interface Verification {
  /** Spectra whose Grams have the same bits. */
  readonly same: number;
  /** The others that both have: how far the largest eigenvalue is off, relative to itself. */
  readonly different: readonly { readonly layer: string; readonly side: string; readonly largest: number }[];
  /** Spectra that only one of the two has. */
  readonly missing: readonly { readonly layer: string; readonly side: string }[];
}

export function compareGrams(given: readonly Spectrum[], made: readonly Spectrum[]): Verification {
  const key = ({ tap }: Spectrum) => JSON.stringify([tap.layer, tap.side]);
  const others = new Map(made.map((spectrum) => [key(spectrum), spectrum]));
  let same = 0;
  const different: { layer: string; side: string; largest: number }[] = [];
  const missing: { layer: string; side: string }[] = [];
  for (const spectrum of given) {
    const other = others.get(key(spectrum));
    others.delete(key(spectrum));
    if (!other) missing.push(spectrum.tap);
    else if (other.gram.sha256 === spectrum.gram.sha256 && other.gram.of === spectrum.gram.of) same++;
    else {
      const [a, b] = [spectrum.eigenvalues[0] ?? 0, other.eigenvalues[0] ?? 0];
      different.push({ ...spectrum.tap, largest: a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b)) });
    }
  }
  missing.push(...[...others.values()].map(({ tap }) => tap));
  return { same, different, missing };
}
