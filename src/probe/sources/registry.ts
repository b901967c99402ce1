/** Built-in probes; the first that feeds the model is its default. */
import { gaussian } from './gaussian';
import { tokens } from './tokens';
import type { ProbeSource } from '../types';

export const PROBE_SOURCES: readonly ProbeSource[] = [gaussian, tokens];

export function defaultSource(kind: 'vector' | 'tokens'): ProbeSource {
  return PROBE_SOURCES.find((s) => s.feeds(kind))!;
}
