/** Symmetries of a transformer whose weights are [in, out], heads side by side on the inner axis (science.md, section 4). */
import type { Named, NormTensors } from '../layers/dense';
import { isTied, type Transformer, type TransformerBlock } from '../layers/transformer';
import { branchNormSymmetries } from './branch-norms';
import { biasExchange, keyShift, logitShift, valueShift } from './constants';
import { centredHeadNormSymmetries } from './centred-head-norms';
import { headNormSymmetries } from './head-norms';
import { layerScales } from './layer-scale';
import { normSymmetries, takesConstants, type NormSite, type Reader } from './norms';
import { postNormSites, postNormSymmetries } from './post-norm';
import { spaceSymmetries, type HiddenSpace } from './spaces';
import { stemShifts, stemWriters } from './stem';
import { normedStream, plainStream, type Writer } from './streams';
import type { Port, Symmetry } from './symmetry';

export function transformerSymmetries(a: Transformer): Symmetry[] {
  const found = [
    ...transformerSpaces(a).flatMap(spaceSymmetries),
    ...a.blocks.flatMap((block) => attentionConstants(block, a)),
    ...(a.postNorm ? postNormSymmetries(a) : stream(a)),
    ...stemShifts(a, isTied(a)),
    ...logits(a),
  ];
  // What adds the same to all logits of a position is seen by their cap.
  return a.logitCap === undefined ? found : found.filter(({ loss }) => loss !== 'ce');
}

const reader = ({ layer, weight, bias }: Named, outputs: number): Reader => ({ layer, weight, inputAxis: 0, outputs, bias });

function logits(a: Transformer): Symmetry[] {
  if (!a.unembedding) return [];
  const { layer, weight, bias, inputAxis, outputs } = a.unembedding;
  if (a.distilled) {
    const both = [a.unembedding, a.distilled].map((map) => logitShift(map.layer, { name: map.weight, axis: 0 }, a.width, map.bias));
    return bias === null || a.distilled.bias === null ? both : [...both, biasExchange(layer, bias, a.distilled.bias, outputs)];
  }
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
  return [...a.blocks.flatMap((block) => [...channels(block, a), ...units(block)]), ...headUnits(a)];
}

/** Units of a head without a norm, such as BERT's pooler. */
function headUnits({ head, unembedding, width }: Transformer): HiddenSpace[] {
  if (!head || head.norm || !unembedding) return [];
  const { layer, weight, bias } = head.dense;
  const writers: Port[] = [{ name: weight, axis: 1 }, ...(bias === null ? [] : [{ name: bias, axis: 0 }])];
  return [{ name: 'units of the head', layer, width, activation: head.activation, writers, readers: [{ name: unembedding.weight, axis: unembedding.inputAxis }] }];
}

/** With norms over queries and keys these are no linear space. */
function channels({ query, key, value, output, headNorms }: TransformerBlock, { heads, groups, headWidth, rotary }: Transformer): HiddenSpace[] {
  return Array.from({ length: groups }, (_, group) => {
    const served = Array.from({ length: heads / groups }, (__, i) => (group * heads) / groups + i);
    const place = heads === 1 ? '' : ` of head ${served.length === 1 ? served[0]! : `${served[0]!} to ${served.at(-1)!}`}`;
    const space = { width: headWidth, activation: 'linear' };
    const matched: HiddenSpace = {
      ...space,
      name: `query and key${place}`,
      layer: key.layer,
      writers: served.flatMap((head) => headPorts(query, head * headWidth)),
      readers: headPorts(key, group * headWidth),
      ...(rotary ? { rotary: { rotated: rotary.rotated, adjacent: rotary.adjacent } } : {}),
    };
    return [
      ...(headNorms ? [] : [matched]),
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

function attentionConstants(block: TransformerBlock, a: Transformer): Symmetry[] {
  const { key, value, output, attentionNorm, mlp, parallel, headNorms } = block;
  const found: Symmetry[] = [...layerScales(block, a.width), ...(a.normalization === 'layer-norm' && headNorms ? centredHeadNormSymmetries(block, a) : headNormSymmetries(block, a)), ...branchNormSymmetries(block, a)];
  const keys = reader(key, a.groups * a.headWidth);
  // Behind a norm of its own a constant needs no bias; the stream of a post-norm transformer is also read as it is.
  const site = normSite(a.postNorm ? { layer: '', scale: null, shift: null } : attentionNorm, a, [keys]);
  // Rotary positions turn a constant of the keys with the position: it is free on the coordinates that stay. Norms and caps see it.
  const still = keys.outputs - a.groups * (a.rotary?.rotated ?? 0);
  if (!headNorms && a.scoreCap === undefined && still > 0 && takesConstants(site, keys)) found.push(keyShift(site, keys, unrotated(a)));
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
  return a.postNorm ? postNormSites(a) : residual(a).norms;
}

/** Every norm in the order of the forward pass, those without readers of their own too: a tied unembedding moves with the embedding. */
export function everyNorm(a: Transformer): NormSite[] {
  const sites = new Map(transformerNorms(a).map((site) => [site.layer, site]));
  const over = (width: number, ...norms: readonly (NormTensors | null | undefined)[]) => norms.flatMap((norm) => (norm ? [[norm.layer, normSite(norm, { ...a, width }, [])] as const] : []));
  const named = new Map([
    ...over(a.width, a.embeddingNorm),
    ...a.blocks.flatMap(({ attentionNorm, headNorms, branchNorms, mlpNorm, mlp }) => [
      ...over(a.width, attentionNorm),
      ...over(a.headWidth, headNorms?.query, headNorms?.key),
      ...over(a.width, branchNorms?.attention, ...(mlp ? [mlpNorm, branchNorms?.mlp] : [])),
    ]),
    ...over(a.width, a.finalNorm, a.head?.norm),
  ]);
  return Array.from(named, ([layer, site]) => sites.get(layer) ?? site);
}

function stream(a: Transformer): Symmetry[] {
  const { writers, norms, stages } = residual(a);
  const { width, embedding, finalNorm, unembedding } = a;
  if (a.normalization === 'none') return isTied(a) ? [] : plainStream(embedding.layer, width, writers, norms.flatMap((norm) => norm.readers), stages);
  const tied = isTied(a) ? { embedding: unembedding!.weight, readout: [finalNorm?.scale, finalNorm?.shift].filter((name) => typeof name === 'string') } : null;
  // Where nothing is behind the stream but the output, nothing can follow a rotation.
  if (!finalNorm && (!unembedding || tied)) return norms.flatMap(normSymmetries);
  const lastBiases = stages.filter(({ readers }) => readers.length === 1).map(({ constant }) => constant);
  const raw = finalNorm ? null : { reader: reader(unembedding!, unembedding!.outputs), table: a.positions?.name ?? writers[0]!.name, lastBiases };
  const linear = unembedding !== null && a.blocks.every(({ branchNorms }) => !branchNorms);
  return [...norms.flatMap(normSymmetries), ...normedStream(embedding.layer, width, writers, norms, a.epsilon, { tied, raw, linear })];
}

/** The residual stream: what writes, what reads, and constants with what reads after them. */
function residual(a: Transformer) {
  const { heads, groups, headWidth, blocks, unembedding, distilled, finalNorm } = a;
  const constant = ({ bias }: Named, scale: { scale?: string }): Writer[] => (bias === null ? [] : [{ name: bias, axis: 0, lines: 1, ...scale }]);
  /** The matrix and its bias, or the scale of the norm behind them. */
  const written = (map: Named, lines: number, scale: { scale?: string }, norm: NormTensors | undefined): Writer[] =>
    norm ? [{ name: norm.scale!, axis: 0, lines: 1, ...scale }] : [{ name: map.weight, axis: 1, lines, ...scale }, ...constant(map, scale)];
  const writers = stemWriters(a);
  const norms: NormSite[] = [];
  const site = (norm: NormTensors, readers: readonly Reader[]): void => {
    const known = norms.findIndex(({ layer }) => layer === norm.layer);
    if (known >= 0) norms[known] = { ...norms[known]!, readers: [...norms[known]!.readers, ...readers] };
    else norms.push(normSite(norm, a, readers));
  };
  /** Constants by what reads after them. */
  const stages: { constant: Writer; readers: Reader[] }[] = a.positions ? [{ constant: writers.find(({ name }) => name === a.positions!.name)!, readers: [] }] : [];
  const read = (readers: readonly Reader[]) => stages.forEach((stage) => stage.readers.push(...readers));
  for (const { query, key, value, output, attentionNorm, mlpNorm, mlp, parallel, branchNorms, attentionScale, mlpScale } of blocks) {
    const readers = [reader(query, heads * headWidth), reader(key, groups * headWidth), reader(value, groups * headWidth)];
    site(attentionNorm, readers);
    read(readers);
    const attended = attentionScale === undefined ? {} : { scale: attentionScale };
    const [outputBias] = branchNorms ? [] : constant(output, attended);
    writers.push(...written(output, heads * headWidth, attended, branchNorms?.attention));
    if (outputBias) stages.push({ constant: outputBias, readers: [] });
    if (!mlp) continue;
    const mlpReaders = [...(mlp.gate === null ? [] : [reader(mlp.gate, mlp.hidden)]), reader(mlp.up, mlp.hidden)];
    site(mlpNorm, mlpReaders);
    // A parallel MLP reads what attention read, before attention wrote.
    if (parallel && outputBias) stages.filter((stage) => stage.constant !== outputBias).forEach((stage) => stage.readers.push(...mlpReaders));
    else read(mlpReaders);
    const put = mlpScale === undefined ? {} : { scale: mlpScale };
    const [downBias] = branchNorms ? [] : constant(mlp.down, put);
    writers.push(...written(mlp.down, mlp.hidden, put, branchNorms?.mlp));
    if (downBias) stages.push({ constant: downBias, readers: [] });
  }
  const last = unembedding ? [{ ...reader(unembedding, unembedding.outputs), inputAxis: unembedding.inputAxis }, ...(distilled ? [reader(distilled, unembedding.outputs)] : [])] : [];
  if (!isTied(a) && finalNorm) site(finalNorm, last);
  read(last);
  return { writers, norms, stages };
}
