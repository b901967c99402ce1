/** From a checkpoint to a runnable model, or to the sentence that says what it resembles and what is missing. */
import type { Checkpoint } from '../checkpoint/types';
import { ARCHITECTURES } from './architectures/registry';
import type { Choices, Model } from './types';

export type Verdict = { readonly model: Model } | { readonly model: null; readonly sentence: string };

export async function recogniseModel(checkpoint: Checkpoint, choices: Choices): Promise<Verdict> {
  // What a file says of its own computation is not guessed from names.
  const kind = checkpoint.program?.kind;
  const architectures = ARCHITECTURES.filter(({ program }) => program === kind);
  let closest: { title: string; missing: string; matched: number } | null = null;
  for (const architecture of architectures) {
    const result = await architecture.recognise(checkpoint, choices);
    if ('model' in result) return { model: result.model };
    if (!closest || result.matched > closest.matched) closest = { title: architecture.title, ...result };
  }
  if (kind !== undefined && closest) return { model: null, sentence: `This is ${closest.title}, but ${closest.missing}. Each weight tensor is analysed on its own.` };
  const resembles = closest && closest.matched > 0 ? ` The closest is ${closest.title}, but ${closest.missing}.` : '';
  return { model: null, sentence: `No known architecture.${resembles} Each weight tensor is analysed on its own.` };
}
