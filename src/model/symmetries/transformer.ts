/** Symmetries of a pre-norm transformer whose weights are [in, out], heads side by side on the inner axis (science.md, section 4). */
import { biasExchange, keyShift, logitShift, positionShift, valueShift } from './constants';
import { normSymmetries, takesConstants, type NormSite, type Reader } from './norms';
import { spaceSymmetries, type HiddenSpace } from './spaces';
import { normedStream, plainStream, type Writer } from './streams';
import type { Port, Symmetry } from './symmetry';

interface Named {
  readonly weight: string;
  readonly bias: string | null;
}

export interface TransformerBlock {
  readonly query: Named;
  readonly key: Named;
  readonly value: Named;
  readonly output: Named;
  /** The norm before attention, and the one before the MLP (the same one where both read it). */
  readonly attentionNorm: NormTensors;
  readonly mlpNorm: NormTensors;
  readonly mlp: { readonly hidden: number; readonly gate: string | null; readonly up: Named; readonly down: Named; readonly activation: string } | null;
}

/** Null where there is no norm, or its scale and shift are folded into the readers. */
interface NormTensors {
  readonly layer: string;
  readonly scale: string | null;
  readonly shift: string | null;
}

export interface TransformerAnatomy {
  readonly width: number;
  readonly heads: number;
  readonly groups: number;
  readonly headWidth: number;
  readonly rotary: { readonly rotated: number; readonly adjacent: boolean } | null;
  readonly normalization: NormSite['kind'] | 'none';
  readonly epsilon: number;
  readonly embedding: { readonly name: string; readonly vocabulary: number };
  readonly positions: { readonly name: string; readonly context: number } | null;
  readonly blocks: readonly TransformerBlock[];
  readonly finalNorm: NormTensors;
  readonly unembedding: Named & { readonly outputs: number };
}

export function transformerSymmetries(a: TransformerAnatomy): Symmetry[] {
  return [
    ...transformerSpaces(a).flatMap(spaceSymmetries),
    ...a.blocks.flatMap((block) => attentionConstants(block, a)),
    ...stream(a),
    ...(a.positions ? [positionShift(a.embedding.name, a.embedding.name, a.positions.name, a.width)] : []),
    logitShift(a.unembedding.weight, { name: a.unembedding.weight, axis: 0 }, a.width, a.unembedding.bias),
  ];
}

const reader = ({ weight, bias }: Named, outputs: number): Reader => ({ layer: weight, weight, inputAxis: 0, outputs, bias });

/** No norm at all is an RMSNorm without scale to what asks for constants. */
function normSite({ layer, scale, shift }: NormTensors, { normalization, width }: TransformerAnatomy, readers: readonly Reader[]): NormSite {
  return { layer, kind: normalization === 'layer-norm' ? 'layer-norm' : 'rms-norm', width, scale, shift, readers };
}

/** Columns of one head. */
function headPorts({ weight, bias }: Named, begin: number): Port[] {
  return [{ name: weight, axis: 1, begin }, ...(bias === null ? [] : [{ name: bias, axis: 0, begin }])];
}

/** Channels of query times key and of value times output, head by head, and the units of the MLPs. */
export function transformerSpaces(a: TransformerAnatomy): HiddenSpace[] {
  return a.blocks.flatMap((block) => [...channels(block, a), ...units(block)]);
}

function channels({ query, key, value, output }: TransformerBlock, { heads, groups, headWidth, rotary }: TransformerAnatomy): HiddenSpace[] {
  return Array.from({ length: groups }, (_, group) => {
    const served = Array.from({ length: heads / groups }, (__, i) => (group * heads) / groups + i);
    const place = heads === 1 ? '' : ` of head ${served.length === 1 ? served[0]! : `${served[0]!} to ${served.at(-1)!}`}`;
    const space = { width: headWidth, activation: 'linear' };
    return [
      {
        ...space,
        name: `query and key${place}`,
        layer: key.weight,
        writers: served.flatMap((head) => headPorts(query, head * headWidth)),
        readers: headPorts(key, group * headWidth),
        ...(rotary ? { rotary } : {}),
      },
      {
        ...space,
        name: `value and output${place}`,
        layer: value.weight,
        writers: headPorts(value, group * headWidth),
        readers: served.map((head) => ({ name: output.weight, axis: 0, begin: head * headWidth })),
      },
    ];
  }).flat();
}

function units({ mlp }: TransformerBlock): HiddenSpace[] {
  if (!mlp) return [];
  const { hidden, gate, up, down, activation } = mlp;
  const columns = (name: string): Port => ({ name, axis: 1 });
  // The bias of a gated MLP is added to the product.
  const bias: Port[] = up.bias === null ? [] : [{ name: up.bias, axis: 0 }];
  const space = { layer: up.weight, width: hidden, writers: [columns(up.weight), ...bias], readers: [{ name: down.weight, axis: 0 }] };
  if (gate === null) return [{ ...space, name: activation === 'linear' ? 'a linear layer' : 'units', activation }];
  return [{ ...space, name: 'gated units', activation: 'linear', gates: { ports: [columns(gate), ...bias], activation } }];
}

function attentionConstants({ key, value, output, attentionNorm, mlpNorm, mlp }: TransformerBlock, a: TransformerAnatomy): Symmetry[] {
  const found: Symmetry[] = [];
  const keys = reader(key, a.groups * a.headWidth);
  const site = normSite(attentionNorm, a, [keys]);
  if (!a.rotary && takesConstants(site, keys)) found.push(keyShift(site, keys));
  if (value.bias !== null && output.bias !== null) {
    found.push(valueShift(value.weight, { bias: value.bias, output: output.weight, outputBias: output.bias }, a));
  }
  // A parallel MLP writes beside attention.
  const beside = mlp && mlpNorm.layer === attentionNorm.layer ? mlp.down.bias : null;
  if (output.bias !== null && beside !== null) found.push(biasExchange(output.weight, output.bias, beside, a.width));
  return found;
}

/** Every norm with what reads it, also where the norm itself is missing. */
export function transformerNorms(a: TransformerAnatomy): NormSite[] {
  return residual(a).norms;
}

function stream(a: TransformerAnatomy): Symmetry[] {
  const { writers, norms, stages } = residual(a);
  const { width, embedding } = a;
  if (a.normalization !== 'none') return [...norms.flatMap(normSymmetries), ...normedStream(embedding.name, width, writers, norms, a.epsilon)];
  return plainStream(embedding.name, width, writers, norms.flatMap((norm) => norm.readers), stages);
}

/** The residual stream: what writes, what reads, and constants with what reads after them. */
function residual(a: TransformerAnatomy) {
  const { heads, groups, headWidth, embedding, positions, blocks, unembedding } = a;
  const constant = ({ bias }: Named): Writer[] => (bias === null ? [] : [{ name: bias, axis: 0, lines: 1 }]);
  const writers: Writer[] = [{ name: embedding.name, axis: 1, lines: embedding.vocabulary }];
  if (positions) writers.push({ name: positions.name, axis: 1, lines: positions.context });
  const norms: NormSite[] = [];
  const site = (norm: NormTensors, readers: readonly Reader[]): void => {
    const known = norms.findIndex(({ layer }) => layer === norm.layer);
    if (known >= 0) norms[known] = { ...norms[known]!, readers: [...norms[known]!.readers, ...readers] };
    else norms.push(normSite(norm, a, readers));
  };
  /** Constants by what reads after them. */
  const stages: { constant: Writer; readers: Reader[] }[] = positions ? [{ constant: writers[1]!, readers: [] }] : [];
  const read = (readers: readonly Reader[]) => stages.forEach((stage) => stage.readers.push(...readers));
  for (const { query, key, value, output, attentionNorm, mlpNorm, mlp } of blocks) {
    const readers = [reader(query, heads * headWidth), reader(key, groups * headWidth), reader(value, groups * headWidth)];
    site(attentionNorm, readers);
    read(readers);
    writers.push({ name: output.weight, axis: 1, lines: heads * headWidth }, ...constant(output));
    const [outputBias] = constant(output);
    if (outputBias) stages.push({ constant: outputBias, readers: [] });
    if (!mlp) continue;
    const mlpReaders = [...(mlp.gate === null ? [] : [reader({ weight: mlp.gate, bias: null }, mlp.hidden)]), reader(mlp.gate === null ? mlp.up : { ...mlp.up, bias: null }, mlp.hidden)];
    site(mlpNorm, mlpReaders);
    // A parallel MLP reads what attention read, before attention wrote.
    if (mlpNorm.layer === attentionNorm.layer && outputBias) stages.filter((stage) => stage.constant !== outputBias).forEach((stage) => stage.readers.push(...mlpReaders));
    else read(mlpReaders);
    writers.push({ name: mlp.down.weight, axis: 1, lines: mlp.hidden }, ...constant(mlp.down));
    const [downBias] = constant(mlp.down);
    if (downBias) stages.push({ constant: downBias, readers: [] });
  }
  const last = reader(unembedding, unembedding.outputs);
  site(a.finalNorm, [last]);
  read([last]);
  return { writers, norms, stages };
}
