/** What the families of transformers share beyond shapes: heads, activations and constants, as configs name them. */
import type { Checkpoint } from '../checkpoint/types';
import { ACTIVATION, decide, recorded, type Question } from './choices';
import type { Choices, ModelChoice } from './types';

/** The width of a head in most published models, where nothing says otherwise. */
const USUAL_HEAD_WIDTH = 64;

/** The number of heads: shapes alone do not tell it, unless norms over the queries have the width of one. `size`: what the heads divide. */
export async function decideHeads(checkpoint: Checkpoint, choices: Choices, size: number, queryNorm: string | null = null): Promise<ModelChoice> {
  const length = checkpoint.tensors.get(queryNorm ?? '')?.shape[0];
  if (length !== undefined && size % length === 0) {
    const value = String(size / length);
    return { key: 'heads', value, options: [value], assumed: false, evidence: `'${queryNorm}' has the width of a head, ${length}` };
  }
  const options = Array.from({ length: Math.min(size, 256) }, (_, i) => i + 1).filter((n) => size % n === 0).map(String);
  const question: Question = { key: 'heads', options, parse: (word) => (options.includes(word) ? word : null), recordedAs: ['n_head', 'num_attention_heads', 'n_heads', 'num_heads', 'nhead'] };
  return decide(checkpoint, choices, question, () => {
    const wanted = size / USUAL_HEAD_WIDTH;
    const value = options.reduce((best, n) => (Math.abs(Math.log(Number(n) / wanted)) < Math.abs(Math.log(Number(best) / wanted)) ? n : best), '1');
    return { value, evidence: `tensors do not say how many heads there are: heads of width ${size / Number(value)} are assumed. Drop config.json with the weights, or choose` };
  });
}

/** As many keys and values as queries, and no rotary positions. */
export function plainHeads({ value }: ModelChoice, width: number) {
  const heads = Number(value);
  return { heads, groups: heads, headWidth: width / heads, rotary: null };
}

export function decideActivation(checkpoint: Checkpoint, choices: Choices, recordedAs: readonly string[], usual: string, family: string): Promise<ModelChoice> {
  const question = { ...ACTIVATION, recordedAs: [...recordedAs, ...ACTIVATION.recordedAs] };
  return decide(checkpoint, choices, question, () => ({ value: usual, evidence: `tensors do not say which activation it is: ${usual} is assumed, as in ${family}` }));
}

/** A positive number of the config, or the usual one. */
export function recordedNumber(checkpoint: Checkpoint, keys: readonly string[], usual: number): number {
  const value = Number(recorded(checkpoint, keys)?.value ?? NaN);
  return Number.isFinite(value) && value > 0 ? value : usual;
}

/** A whole number above zero of the config, or the usual one. */
export function recordedCount(checkpoint: Checkpoint, keys: readonly string[], usual: number): number {
  const value = recordedNumber(checkpoint, keys, usual);
  return Number.isInteger(value) ? value : usual;
}

/** Settings that would change the function in a way that is not computed here. */
export function unsupported(checkpoint: Checkpoint, settings: readonly { keys: readonly string[]; is: (value: string) => boolean; what: string }[]): string | null {
  for (const { keys, is, what } of settings) {
    const found = recorded(checkpoint, keys);
    if (found && is(found.value)) return `${found.path} = ${found.value}: ${what}`;
  }
  return null;
}

/** begin, begin + 1, …, begin + length - 1 */
export function range(begin: number, length: number): number[] {
  return Array.from({ length }, (_, i) => begin + i);
}
