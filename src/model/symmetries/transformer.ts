/** Symmetries of a pre-norm transformer whose weights are [in, out], heads side by side on the inner axis (science.md, section 4). */
import type { Named, NormTensors, Transformer, TransformerBlock } from '../layers/transformer';
import { biasExchange, keyShift, logitShift, positionShift, valueShift } from './constants';
import { normSymmetries, takesConstants, type NormSite, type Reader } from './norms';
import { spaceSymmetries, type HiddenSpace } from './spaces';
import { normedStream, plainStream, type Writer } from './streams';
import type { Port, Symmetry } from './symmetry';

export function transformerSymmetries(a: Transformer): Symmetry[] {
  return [
    ...transformerSpaces(a).flatMap(spaceSymmetries),
    ...a.blocks.flatMap((block) => attentionConstants(block, a)),
    ...stream(a),
    ...(a.positions ? [positions(a, a.positions.name)] : []),
    ...logits(a),
  ];
}

/** The embedding reads what it wrote: what moves its columns moves both. */
const isTied = ({ embedding, unembedding }: Transformer): boolean => unembedding.weight === embedding.name;

const reader = ({ layer, weight, bias }: Named, outputs: number): Reader => ({ layer, weight, inputAxis: 0, outputs, bias });

function positions(a: Transformer, name: string): Symmetry {
  const shift = positionShift(a.embedding.layer, a.embedding.name, name, a.width);
  // Tied, it adds the same number to all logits of a position.
  return isTied(a) ? { ...shift, loss: 'ce' } : shift;
}

function logits(a: Transformer): Symmetry[] {
  const { layer, weight, bias, inputAxis } = a.unembedding;
  if (!isTied(a)) return [logitShift(layer, { name: weight, axis: inputAxis }, a.width, bias)];
  if (bias !== null) return [logitShift(layer, { name: weight, axis: inputAxis }, 0, bias)];
  return [];
}

/** No norm at all is an RMSNorm without scale to what asks for constants. */
function normSite({ layer, scale, shift }: NormTensors, { normalization, width }: Transformer, readers: readonly Reader[]): NormSite {
  return { layer, kind: normalization === 'layer-norm' ? 'layer-norm' : 'rms-norm', width, scale, shift, readers };
}

/** Columns of one head. */
function headPorts({ weight, bias }: Named, begin: number): Port[] {
  return [{ name: weight, axis: 1, begin }, ...(bias === null ? [] : [{ name: bias, axis: 0, begin }])];
}

/** Channels of query times key and of value times output, head by head, and the units of the MLPs. */
export function transformerSpaces(a: Transformer): HiddenSpace[] {
  return a.blocks.flatMap((block) => [...channels(block, a), ...units(block)]);
}

function channels({ query, key, value, output }: TransformerBlock, { heads, groups, headWidth, rotary }: Transformer): HiddenSpace[] {
  return Array.from({ length: groups }, (_, group) => {
    const served = Array.from({ length: heads / groups }, (__, i) => (group * heads) / groups + i);
    const place = heads === 1 ? '' : ` of head ${served.length === 1 ? served[0]! : `${served[0]!} to ${served.at(-1)!}`}`;
    const space = { width: headWidth, activation: 'linear' };
    return [
      {
        ...space,
        name: `query and key${place}`,
        layer: key.layer,
        writers: served.flatMap((head) => headPorts(query, head * headWidth)),
        readers: headPorts(key, group * headWidth),
        ...(rotary ? { rotary: { rotated: rotary.rotated, adjacent: rotary.adjacent } } : {}),
      },
      {
        ...space,
        name: `value and output${place}`,
        layer: value.layer,
        writers: headPorts(value, group * headWidth),
        readers: served.map((head) => ({ name: output.weight, axis: 0, begin: head * headWidth })),
      },
    ];
  }).flat();
}

function units({ mlp }: TransformerBlock): HiddenSpace[] {
  if (!mlp) return [];
  const { hidden, gate, up, productBias, down, activation } = mlp;
  const ports = ({ weight, bias }: Named): Port[] => [{ name: weight, axis: 1 }, ...[bias, productBias].flatMap((name) => (name === null ? [] : [{ name, axis: 0 }]))];
  const space = { layer: up.layer, width: hidden, writers: ports(up), readers: [{ name: down.weight, axis: 0 }] };
  if (gate === null) return [{ ...space, name: activation === 'linear' ? 'a linear layer' : 'units', activation }];
  return [{ ...space, name: 'gated units', activation: 'linear', gates: { ports: ports(gate), activation } }];
}

function attentionConstants({ key, value, output, attentionNorm, mlp, parallel }: TransformerBlock, a: Transformer): Symmetry[] {
  const found: Symmetry[] = [];
  const keys = reader(key, a.groups * a.headWidth);
  const site = normSite(attentionNorm, a, [keys]);
  // Rotary positions turn a constant of the keys with the position: it is free on the coordinates that stay.
  const still = keys.outputs - a.groups * (a.rotary?.rotated ?? 0);
  if (still > 0 && takesConstants(site, keys)) found.push(keyShift(site, keys, unrotated(a)));
  if (value.bias !== null && output.bias !== null) {
    found.push(valueShift(value.layer, { bias: value.bias, output: output.weight, outputBias: output.bias }, a));
  }
  // A parallel MLP writes beside attention.
  const beside = mlp && parallel ? mlp.down.bias : null;
  if (output.bias !== null && beside !== null) found.push(biasExchange(output.layer, output.bias, beside, a.width));
  return found;
}

/** Key coordinates that rotary positions leave alone, head by head. */
function unrotated({ groups, headWidth, rotary }: Transformer): number[] {
  return Array.from({ length: groups * headWidth }, (_, i) => i).filter((i) => i % headWidth >= (rotary?.rotated ?? 0));
}

/** Every norm with what reads it, also where the norm itself is missing; without the final one where tied embeddings read it. */
export function transformerNorms(a: Transformer): NormSite[] {
  return residual(a).norms;
}

function stream(a: Transformer): Symmetry[] {
  const { writers, norms, stages } = residual(a);
  const { width, embedding } = a;
  if (a.normalization === 'none') return isTied(a) ? [] : plainStream(embedding.layer, width, writers, norms.flatMap((norm) => norm.readers), stages);
  const { scale, shift } = a.finalNorm;
  const tied = isTied(a) ? { embedding: embedding.name, readout: [scale, shift].filter((name) => name !== null) } : null;
  return [...norms.flatMap(normSymmetries), ...normedStream(embedding.layer, width, writers, norms, a.epsilon, { tied })];
}

/** The residual stream: what writes, what reads, and constants with what reads after them. */
function residual(a: Transformer) {
  const { heads, groups, headWidth, embedding, blocks, unembedding } = a;
  const constant = ({ bias }: Named): Writer[] => (bias === null ? [] : [{ name: bias, axis: 0, lines: 1 }]);
  const writers: Writer[] = [{ name: embedding.name, axis: 1, lines: embedding.vocabulary }];
  if (a.positions) writers.push({ name: a.positions.name, axis: 1, lines: a.positions.context });
  const norms: NormSite[] = [];
  const site = (norm: NormTensors, readers: readonly Reader[]): void => {
    const known = norms.findIndex(({ layer }) => layer === norm.layer);
    if (known >= 0) norms[known] = { ...norms[known]!, readers: [...norms[known]!.readers, ...readers] };
    else norms.push(normSite(norm, a, readers));
  };
  /** Constants by what reads after them. */
  const stages: { constant: Writer; readers: Reader[] }[] = a.positions ? [{ constant: writers[1]!, readers: [] }] : [];
  const read = (readers: readonly Reader[]) => stages.forEach((stage) => stage.readers.push(...readers));
  for (const { query, key, value, output, attentionNorm, mlpNorm, mlp, parallel } of blocks) {
    const readers = [reader(query, heads * headWidth), reader(key, groups * headWidth), reader(value, groups * headWidth)];
    site(attentionNorm, readers);
    read(readers);
    writers.push({ name: output.weight, axis: 1, lines: heads * headWidth }, ...constant(output));
    const [outputBias] = constant(output);
    if (outputBias) stages.push({ constant: outputBias, readers: [] });
    if (!mlp) continue;
    const mlpReaders = [...(mlp.gate === null ? [] : [reader(mlp.gate, mlp.hidden)]), reader(mlp.up, mlp.hidden)];
    site(mlpNorm, mlpReaders);
    // A parallel MLP reads what attention read, before attention wrote.
    if (parallel && outputBias) stages.filter((stage) => stage.constant !== outputBias).forEach((stage) => stage.readers.push(...mlpReaders));
    else read(mlpReaders);
    writers.push({ name: mlp.down.weight, axis: 1, lines: mlp.hidden }, ...constant(mlp.down));
    const [downBias] = constant(mlp.down);
    if (downBias) stages.push({ constant: downBias, readers: [] });
  }
  const last = { ...reader(unembedding, unembedding.outputs), inputAxis: unembedding.inputAxis };
  if (!isTied(a)) site(a.finalNorm, [last]);
  read([last]);
  return { writers, norms, stages };
}
