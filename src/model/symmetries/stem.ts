/** What writes the residual stream before the first block, and the constants that its parts may exchange. */
import { readsPatches, type Stem } from '../layers/stem';
import { embeddingShift, type Rows } from './constants';
import type { Writer } from './streams';
import type { Symmetry } from './symmetry';

export function stemWriters({ embedding, positions, typeVector }: Stem): Writer[] {
  const writers: Writer[] = [];
  if (readsPatches(embedding)) {
    writers.push({ name: embedding.weight, axis: 1, lines: embedding.channels * embedding.patch ** 2 });
    for (const { name, count } of embedding.tokens) writers.push({ name, axis: 1, lines: count });
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
    const { tokens, bias } = embedding;
    const { name: table, begin = 0 } = positions;
    const found: Symmetry[] = [];
    let place = -begin;
    for (const { name, count } of tokens)
      for (let row = 0; row < count; row++, place++)
        if (place >= 0) found.push(shift('a token and its position', { name, begin: row, end: row + 1 }, { name: table, begin: place, end: place + 1 }));
    if (bias !== null) found.push(shift('patch bias and positions', { name: bias }, { name: table, begin: Math.max(0, place) }));
    return found;
  }
  // A tied embedding adds what it gains to all logits of a position.
  const under = tied ? { loss: 'ce' as const } : {};
  const others = [...(positions ? [['positions', positions.name] as const] : []), ...(typeVector === undefined ? [] : [['token type', typeVector] as const])];
  const found = others.map(([what, name]) => ({ ...shift(`embeddings and ${what}`, { name: embedding.name }, { name }), ...under }));
  // A padding token is never without its position.
  const padding = positions?.padding;
  if (padding !== undefined && !tied) found.push(shift('padding and its position', { name: embedding.name, begin: padding, end: padding + 1 }, { name: positions!.name, end: 1 }));
  return found;
}
