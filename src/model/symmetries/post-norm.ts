/**
 * Symmetries of the stream of a post-norm transformer, x <- LN(x + branch(x)) with LayerNorms throughout. Between two norms the stream is
 * s = gamma . n + beta (or the embeddings themselves, before the first), read by the linear maps of a branch and, as it is, by the norm behind it:
 * - each linear reader has the kernel gamma^-1 of the norm that it reads, as in a pre-norm transformer;
 * - the norm behind takes out the mean of what the branch writes, but not of s, whose scale and shift other maps read too;
 * - where s is the embeddings themselves, their mean may also be any linear function of them, which the readers take back;
 * - beta may gain a constant that the biases of the readers and of what the branch writes take back;
 * - gamma against its readers is no symmetry: only behind the last norm, where one linear map alone reads, is there all that a norm has;
 * - a rotation would have to turn gamma . n into some gamma' . n': there is one for each gamma (scale-rotation.ts), and two norms do not share it;
 * - everything that enters a norm may be scaled, up to its epsilon.
 */
import type { Named, NormTensors } from '../layers/dense';
import { isTied, type Transformer } from '../layers/transformer';
import { addToRows, type Rows } from './constants';
import { addConstant, alongInverseScale, column, input, inverseScale, normKernels, normSymmetries, takesConstants, vector, type NormSite, type Reader } from './norms';
import { scaleRotation } from './scale-rotation';
import { stemWriters } from './stem';
import { meanByStream, normedStream, streamMeans, type Writer } from './streams';
import { DirectionBuilder, type Port, type Symmetry } from './symmetry';

interface Segment {
  readonly site: NormSite;
  /** What is constant in the stream: beta, or all positions of the embeddings. */
  readonly constant: Rows | null;
  /** All that makes the stream: gamma and beta, or the embeddings. */
  readonly makers: readonly Port[];
  /** What the branch writes before the norm behind it; null where a norm follows a norm. */
  readonly written: Writer[];
  readonly bias: string | null;
  /** Another norm follows; else the readers are the end of the stream. */
  readonly inner: boolean;
  /** The stream is the embeddings as they are. */
  readonly embeds: boolean;
}

/** Every norm with the linear maps that read it; without those that tied embeddings read. */
export function postNormSites(a: Transformer): NormSite[] {
  const sites = segmentsOf(a).map(({ site }) => site);
  return sites.filter(({ scale, readers }) => scale !== null && readers.length > 0 && readers.every((reader) => reader.weight !== tiedName(a)));
}

export function postNormSymmetries(a: Transformer): Symmetry[] {
  const { embedding, embeddingNorm, width, epsilon } = a;
  const segments = segmentsOf(a);
  const last = segments.at(-1)!.site;
  const name = tiedName(a);
  const tied = name === null ? null : { embedding: name, readout: [last.scale, last.shift].filter((x) => x !== null) };
  const stem = embeddingNorm ? normedStream(embedding.layer, width, stemWriters(a), [siteOf(embeddingNorm, a, [])], epsilon, { linear: false, tied }) : [];
  return [...stem, ...segments.flatMap((segment) => ofSegment(segment, a, tied?.readout ?? [])), ...rotationOf(segments, a), ...tiedPadding(last, a)];
}

/** A tied embedding is also read: of what padding and its position could exchange there remains what the last norm never gives to its row. */
function tiedPadding(last: NormSite, a: Transformer): Symmetry[] {
  const { positions, embedding } = a;
  const padding = positions?.padding;
  const reader = last.readers.find(({ weight }) => weight === tiedName(a));
  if (padding === undefined || !reader || (last.shift !== null && reader.bias === null)) return [];
  return [
    {
      family: 'padding against its position, unseen by the head',
      layer: embedding.layer,
      dimension: 1,
      *generators(parameters) {
        const kernel = alongInverseScale(last, reader, parameters, [padding], [1]);
        const place = new DirectionBuilder(parameters);
        inverseScale(last, parameters).forEach((g, j) => addToRows(place, { name: positions!.name, end: 1 }, j, -g));
        yield new Map([...kernel, ...place.vector]);
      },
    },
  ];
}

/** A single block on embeddings without a norm: one scale alone has to follow. */
function rotationOf(segments: readonly Segment[], a: Transformer): Symmetry[] {
  const [first, second, end] = segments;
  if (segments.length !== 3 || !first!.embeds || end!.inner || isTied(a) || second!.site.scale === null) return [];
  if (second!.site.shift !== null && second!.site.readers.some(({ bias }) => bias === null)) return [];
  const before = { writers: [...stemWriters(a), ...first!.written], readers: first!.site.readers.map(input) };
  return [scaleRotation({ before, norm: second!.site, written: second!.written, last: end!.site })];
}

const tiedName = (a: Transformer): string | null => (isTied(a) ? a.unembedding!.weight : null);

function siteOf({ layer, scale, shift }: NormTensors, { width }: Transformer, readers: readonly Reader[]): NormSite {
  return { layer, kind: 'layer-norm', width, scale, shift, readers };
}

function segmentsOf(a: Transformer): Segment[] {
  const { embeddingNorm, embedding, positions, blocks, finalNorm, head, unembedding, heads, groups, headWidth } = a;
  const reader = ({ layer, weight, bias }: Named, outputs: number): Reader => ({ layer, weight, inputAxis: 0, outputs, bias });
  const segments: Segment[] = [];
  let from: NormTensors | null = embeddingNorm ?? null;
  const through = (readers: readonly Reader[], written: Named | null, lines: number, inner = true): void => {
    const bias = written?.bias ?? null;
    const common = {
      written: written ? [{ name: written.weight, axis: 1, lines }, ...(bias === null ? [] : [{ name: bias, axis: 0, lines: 1 }])] : [],
      bias,
      inner,
    };
    if (from) {
      const makers = [from.scale, from.shift].flatMap((name) => (name === null ? [] : [vector(name)]));
      segments.push({ ...common, site: siteOf(from, a, readers), constant: from.shift === null ? null : { name: from.shift }, makers, embeds: false });
    } else {
      const makers = stemWriters(a);
      // The embeddings are no norm: their readers have no kernel.
      const site: NormSite = { layer: embedding.layer, kind: 'rms-norm', width: a.width, scale: null, shift: null, readers };
      segments.push({ ...common, site, constant: { name: positions?.name ?? makers[0]!.name }, makers, embeds: true });
    }
  };
  for (const { query, key, value, output, attentionNorm, mlp, mlpNorm } of blocks) {
    through([reader(query, heads * headWidth), reader(key, groups * headWidth), reader(value, groups * headWidth)], output, heads * headWidth);
    from = attentionNorm;
    if (!mlp) continue;
    through([...(mlp.gate === null ? [] : [reader(mlp.gate, mlp.hidden)]), reader(mlp.up, mlp.hidden)], mlp.down, mlp.hidden);
    from = mlpNorm;
  }
  if (finalNorm) {
    through([], null, 0);
    from = finalNorm;
  }
  if (head) {
    through([reader(head.dense, a.width)], null, 0, false);
    // Without a norm of its own the head gives units, which are no stream.
    if (!head.norm) return segments;
    from = head.norm;
  }
  if (unembedding) through([{ ...reader(unembedding, unembedding.outputs), inputAxis: unembedding.inputAxis }], null, 0, false);
  return segments;
}

function ofSegment(segment: Segment, a: Transformer, readout: readonly string[]): Symmetry[] {
  const { site, inner, written, embeds, constant } = segment;
  const tied = site.readers.some(({ weight }) => weight === tiedName(a));
  if (!inner && !tied) return normSymmetries(site);
  // A tied embedding adds what all its rows gain to all logits.
  const under = constant?.name === tiedName(a) ? { loss: 'ce' as const } : {};
  const shifts = shiftOf(segment, tied).map((shift) => ({ ...shift, ...under }));
  if (!inner) return shifts;
  const means = embeds && readout.length === 0 ? [meanByStream(site.layer, site.width, stemWriters(a), site.readers)] : [];
  return [...normKernels(site), ...shifts, ...means, ...(written.length > 0 ? [streamMeans(site.layer, site.width, written)] : []), scaleInto(segment, a.epsilon, embeds ? readout : [])];
}

/** The constant of the stream against the biases of all that read it; where nothing is written, a norm behind it takes out its mean. */
function shiftOf({ site, constant, bias, written, inner }: Segment, tied: boolean): Symmetry[] {
  const { layer, width, readers } = site;
  if (constant === null) return [];
  if (inner && written.length === 0 && readers.length === 0) {
    return [
      {
        layer,
        family: 'mean of the shift of a norm',
        dimension: 1,
        *generators(parameters) {
          const direction = new DirectionBuilder(parameters);
          for (let j = 0; j < width; j++) addToRows(direction, constant, j, 1);
          yield direction.vector;
        },
      },
    ];
  }
  // The weights of a tied reader embed the tokens too: only its bias can take a constant.
  const taken = readers.every((reader) => (tied ? reader.bias !== null : takesConstants(site, reader))) && (!inner || bias !== null);
  if (!taken) return [];
  return [
    {
      layer,
      family: 'norm shift against the biases that read it',
      dimension: width,
      *generators(parameters) {
        for (let j = 0; j < width; j++) {
          const direction = new DirectionBuilder(parameters);
          addToRows(direction, constant, j, 1);
          for (const reader of readers) for (const [k, weight] of column(direction, reader, j).entries()) addConstant(direction, site, reader, k, -weight);
          if (bias !== null) direction.addValues(vector(bias), j, [-1]);
          yield direction.vector;
        }
      },
    },
  ];
}

/** The stream and what the branch writes scale together; the linear readers take it back, and a tied embedding needs its readout to. */
function scaleInto({ site, makers, written }: Segment, epsilon: number, readout: readonly string[]): Symmetry {
  const { layer, width, readers } = site;
  return {
    family: 'scale of what a norm reads',
    layer,
    dimension: 1,
    ...(epsilon > 0 ? { approximate: 'the epsilon of the norm' } : {}),
    *generators(parameters) {
      const direction = new DirectionBuilder(parameters);
      for (let i = 0; i < width; i++) {
        for (const port of [...makers, ...written]) direction.addLine(port, i, i, 1);
        for (const reader of readers) direction.addLine(input(reader), i, i, -1);
        for (const name of readout) direction.addLine(vector(name), i, i, -1);
      }
      yield direction.vector;
    },
  };
}
