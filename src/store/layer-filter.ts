/** The filter of layer names that the list of layers and the tables share. */
import { globMatcher } from '../base/glob';

/** Part of a name, or a glob; null where nothing is filtered. */
export function layerMatcher(text: string): ((name: string) => boolean) | null {
  const filter = text.trim();
  if (filter === '') return null;
  return /[*?,]/.test(filter) ? globMatcher(filter) : (name) => name.includes(filter);
}
