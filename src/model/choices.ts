/** What a state dict does not record: chosen by the person, else written beside the tensors, else assumed with a reason. */
import type { Checkpoint } from '../checkpoint/types';
import { ACTIVATIONS, activationName } from './layers/activations';
import type { Choices, ModelChoice } from './types';

export interface Question {
  readonly key: string;
  readonly options: readonly string[];
  /** A word of the person or of a saved config as one of the options; null when it is none. */
  parse(word: string): string | null;
  /** Names under which frameworks record it. */
  readonly recordedAs: readonly string[];
}

export interface Assumption {
  readonly value: string;
  readonly evidence: string;
  /** True when the tensors themselves leave no doubt. */
  readonly certain?: boolean;
}

const oneOf = (options: readonly string[]) => (word: string) => (options.includes(word) ? word : null);

export const ACTIVATION: Question = {
  key: 'activation',
  options: [...ACTIVATIONS.keys()],
  parse: activationName,
  recordedAs: ['act_fn', 'activation', 'nonlinearity', 'hidden_act'],
};

/** A question whose options are the words that people and files use. */
export function plainQuestion(key: string, options: readonly string[], recordedAs: readonly string[]): Question {
  return { key, options, parse: oneOf(options), recordedAs };
}

export const ATTENTION = plainQuestion('attention', ['causal', 'bidirectional'], ['attention_dir']);

/** Scalars of a saved config by the last part of their path: 'config.act_fn' is found as 'act_fn'. */
export function recorded(checkpoint: Checkpoint, keys: readonly string[]): { path: string; value: string } | null {
  for (const key of keys)
    for (const [path, value] of checkpoint.metadata) if (path === key || path.endsWith(`.${key}`)) return { path, value };
  return null;
}

export async function decide(
  checkpoint: Checkpoint,
  choices: Choices,
  question: Question,
  assume: () => Assumption | Promise<Assumption>,
): Promise<ModelChoice> {
  const { key, options } = question;
  const word = choices[key];
  const chosen = word === undefined ? null : question.parse(word);
  if (chosen !== null) return { key, options, value: chosen, assumed: false, evidence: 'as chosen' };
  const found = recorded(checkpoint, question.recordedAs);
  const known = found && question.parse(found.value);
  if (known) return { key, options, value: known, assumed: false, evidence: `the file says ${found.path} = ${found.value}` };
  const { value, evidence, certain = false } = await assume();
  return { key, options, value, assumed: !certain, evidence };
}
