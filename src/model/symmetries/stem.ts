/** What writes the residual stream before the first block, and the constants that its parts may exchange. */
import { readsPatches, type Stem } from '../layers/stem';
import { embeddingShift } from './constants';
import type { Writer } from './streams';
import type { Symmetry } from './symmetry';

export function stemWriters({ embedding, positions, typeVector }: Stem): Writer[] {
  const writers: Writer[] = [];
  if (readsPatches(embedding)) {
    writers.push({ name: embedding.weight, axis: 1, lines: embedding.channels * embedding.patch ** 2 }, { name: embedding.classToken, axis: 1, lines: 1 });
    if (embedding.bias !== null) writers.push({ name: embedding.bias, axis: 0, lines: 1 });
  } else writers.push({ name: embedding.name, axis: 1, lines: embedding.vocabulary });
  if (positions) writers.push({ name: positions.name, axis: 1, lines: positions.context });
  if (typeVector !== undefined) writers.push({ name: typeVector, axis: 0, lines: 1 });
  return writers;
}

/** A tied embedding adds what it gains to all logits of a position. */
export function stemShifts({ embedding, positions, typeVector, width }: Stem, tied: boolean): Symmetry[] {
  const found: Symmetry[] = [];
  const { layer } = embedding;
  const add = (parts: string, ...[gain, lose]: [Parameters<typeof embeddingShift>[2], Parameters<typeof embeddingShift>[3]]) =>
    found.push(embeddingShift(`shift between ${parts}`, layer, gain, lose, width));
  if (readsPatches(embedding)) {
    if (!positions) return found;
    add('class token and positions', { name: embedding.classToken }, { name: positions.name, end: 1 });
    if (embedding.bias !== null) add('patch bias and positions', { name: embedding.bias }, { name: positions.name, begin: 1 });
    return found;
  }
  const free = positions ?? null;
  if (free) {
    const shift = embeddingShift('shift between embeddings and positions', layer, { name: embedding.name }, { name: free.name }, width);
    found.push(tied ? { ...shift, loss: 'ce' } : shift);
  }
  if (typeVector !== undefined) {
    if (free) add('token type and positions', { name: typeVector }, { name: free.name });
    else if (!tied) add('token type and embeddings', { name: typeVector }, { name: embedding.name });
  }
  return found;
}
