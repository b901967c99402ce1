/** What writes the residual stream before the first block, and the constants that its parts may exchange. */
import { readsPatches, type Stem } from '../layers/stem';
import { embeddingShift, type Rows } from './constants';
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

/** Every position of the stream is a sum: what one summand gains at all its positions, another may lose. */
export function stemShifts({ embedding, positions, typeVector, width }: Stem, tied: boolean): Symmetry[] {
  const { layer } = embedding;
  const shift = (between: string, gain: Rows, lose: Rows) => embeddingShift(`shift between ${between}`, layer, gain, lose, width);
  if (readsPatches(embedding)) {
    if (!positions) return [];
    const { classToken, bias } = embedding;
    return [
      shift('class token and positions', { name: classToken }, { name: positions.name, end: 1 }),
      ...(bias === null ? [] : [shift('patch bias and positions', { name: bias }, { name: positions.name, begin: 1 })]),
    ];
  }
  // A tied embedding adds what it gains to all logits of a position.
  const under = tied ? { loss: 'ce' as const } : {};
  const others = [...(positions ? [['positions', positions.name] as const] : []), ...(typeVector === undefined ? [] : [['token type', typeVector] as const])];
  return others.map(([what, name]) => ({ ...shift(`embeddings and ${what}`, { name: embedding.name }, { name }), ...under }));
}
