/** How refusals are worded: file, tensor, what was found, what was expected, what to do. */
import { InputError } from '../base/errors';

/** A name from a file, safe and short enough for a sentence: control and bidirectional characters shown as '?', 80 characters kept. */
export function quoted(name: string): string {
  const shown = name.length > 80 ? `${name.slice(0, 60)}…${name.slice(-16)}` : name;
  return `"${shown.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '?')}"`;
}

/** "1,234" of whatever thing: numbers in sentences are grouped. */
export function count(n: number | bigint): string {
  return n.toLocaleString('en-US');
}

/** The error that refuses a whole file, or one tensor (or archive member) of it. */
export function refusal(code: string, file: string, sentence: string, tensor?: string): InputError {
  const subject = tensor === undefined ? file : `${file}, ${quoted(tensor)}`;
  return new InputError(code, `${subject}: ${sentence}`, { file, tensor });
}

/** The sentence for a file that ends too early. */
export function truncated(file: string, found: number, expected: number, tensor?: string): InputError {
  return refusal('truncated', file, `the file is cut: ${count(found)} of ${count(expected)} bytes are there. Fetch it again.`, tensor);
}

/** A list of names for a sentence: the first few, then how many more. */
export function listed(names: readonly string[], most = 8): string {
  const shown = names.slice(0, most).map(quoted).join(', ');
  return names.length > most ? `${shown} and ${count(names.length - most)} more` : shown;
}
