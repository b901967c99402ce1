/** Symmetries of the stream between writers and readers: a residual stream, or what one dense layer hands to a norm. */
import { addToRows } from './constants';
import { column, input, vector, type NormSite, type Reader } from './norms';
import { linearSpace } from './spaces';
import { DirectionBuilder, type Direction, type Parameters, type Port, type Symmetry } from './symmetry';

/** What writes into a stream, by the axis that lies in it; biases and embeddings too. */
export interface Writer extends Port {
  /** Vectors that it writes: rows of an embedding, inputs of a matrix, 1 for a bias. */
  readonly lines: number;
  /** A vector by which the stream multiplies what it writes (LayerScale). */
  readonly scale?: string;
}

export interface NormedOptions {
  /** Linear maps read the norms, so that they can follow a rotation; true unless said otherwise. */
  readonly linear?: boolean;
  /** An embedding among the writers that also reads the last norm, and that norm's scale and shift. */
  readonly tied?: { readonly embedding: string; readonly readout: readonly string[] } | null;
  /**
   * A map that reads the stream as it is, behind the last block; a table of which every position has a row; and the biases that nothing else reads.
   */
  readonly raw?: { readonly reader: Reader; readonly table: string; readonly lastBiases: readonly Writer[] } | null;
}

/** A stream that is read through norms, and perhaps by one map as it is. `epsilon`: what they add to the mean square. */
export function normedStream(
  layer: string,
  width: number,
  writers: readonly Writer[],
  norms: readonly NormSite[],
  epsilon: number,
  { linear = true, tied = null, raw = null }: NormedOptions = {},
): Symmetry[] {
  const centred = norms.every((site) => site.kind === 'layer-norm');
  const plain = norms.every((site) => site.kind === 'rms-norm');
  const found: Symmetry[] = [];
  // A tied embedding scales the logits too, which only a scale of the last norm can take back.
  if (!tied || tied.readout.length > 0) {
    found.push({
      family: 'scale of the stream',
      layer,
      dimension: 1,
      ...(epsilon > 0 ? { approximate: 'the epsilon of the norms' } : {}),
      *generators(parameters) {
        const direction = new DirectionBuilder(parameters);
        for (let i = 0; i < width; i++) {
          for (const port of writers) direction.addLine(port, i, i, 1);
          for (const name of tied?.readout ?? []) direction.addLine(vector(name), i, i, -1);
          if (raw) direction.addLine(input(raw.reader), i, i, -1);
        }
        yield direction.vector;
      },
    });
  }
  if (linear && !tied && (centred || plain)) {
    const planes = centred ? width - 1 : width;
    found.push({
      family: 'rotation of the stream',
      layer,
      dimension: (planes * (planes - 1)) / 2,
      generators: (parameters) => rotations(width, centred, writers, norms, raw?.reader ?? null, parameters),
    });
  }
  if (centred && raw) found.push(meanByStream(layer, width, writers, [raw.reader]), ...rawConstants(layer, width, writers, raw));
  else if (centred) {
    const free = writers.filter((writer) => writer.name !== tied?.embedding);
    found.push(streamMeans(layer, width, free));
    if (tied) {
      const embedding = writers.find((writer) => writer.name === tied.embedding)!;
      found.push({ family: 'mean of all embeddings', layer, dimension: 1, loss: 'ce', generators: (parameters) => [meanOfAll(width, embedding, parameters)] });
    }
  }
  return found;
}

/** A stream that is read as it is: its basis is free, and a constant may move from a writer to the biases of all that read after it. */
export function plainStream(
  layer: string,
  width: number,
  writers: readonly Port[],
  readers: readonly Reader[],
  stages: readonly { constant: Writer; readers: readonly Reader[] }[],
): Symmetry[] {
  const basis = linearSpace({ name: 'the stream', layer, width, writers, readers: readers.map(input), activation: 'linear' });
  const translations = stages.filter((stage) => stage.readers.every((reader) => reader.bias !== null));
  return [
    basis,
    ...translations.map(({ constant, readers: after }): Symmetry => ({
      family: 'translation of the stream',
      layer: constant.name,
      dimension: width,
      *generators(parameters) {
        for (let j = 0; j < width; j++) {
          const direction = new DirectionBuilder(parameters);
          direction.addValues(constant, j, new Float64Array(constant.lines).fill(1));
          for (const reader of after) direction.addVector(reader.bias!, column(direction, reader, j).map((weight) => -weight));
          yield direction.vector;
        }
      },
    })),
  ];
}

/** Generators of the rotations that commute with the norms: all of so(width), or those that keep the mean. */
function* rotations(width: number, centred: boolean, writers: readonly Writer[], norms: readonly NormSite[], raw: Reader | null, parameters: Parameters): Iterable<Direction> {
  const basis = orthonormal(width, centred);
  for (let p = 0; p < basis.length; p++) {
    for (let q = 0; q < p; q++) {
      const direction = new DirectionBuilder(parameters);
      const x = (i: number, j: number) => basis[p]![i]! * basis[q]![j]! - basis[q]![i]! * basis[p]![j]!;
      for (let i = 0; i < width; i++) {
        for (let j = 0; j < width; j++) {
          const value = x(i, j);
          if (value === 0) continue;
          for (const port of writers) direction.addLine(port, i, j, (value * scaleOf(port, j, parameters)) / scaleOf(port, i, parameters));
          for (const site of norms) turnBehind(direction, site, i, j, value);
          if (raw) direction.addLine(input(raw), j, i, -value);
        }
      }
      yield direction.vector;
    }
  }
}

/** Behind gamma the rotation is gamma X gamma^-1: readers take it off, beta turns with it. */
export function turnBehind(direction: DirectionBuilder, { scale, shift, readers }: NormSite, i: number, j: number, value: number): void {
  const gamma = scale === null ? null : direction.parameter(scale).values;
  const turned = gamma ? (gamma[i]! * value) / gamma[j]! : value;
  for (const reader of readers) direction.addLine(input(reader), j, i, -turned);
  if (shift !== null) direction.addLine(vector(shift), i, j, turned);
}

/** What a writer gives at a coordinate is multiplied with this. */
function scaleOf({ scale }: Writer, coordinate: number, parameters: Parameters): number {
  return scale === undefined ? 1 : parameters.get(scale)!.values[coordinate]!;
}

/** Each vector that is written gains a multiple of (1, ..., 1), which a LayerNorm takes out. */
export function streamMeans(layer: string, width: number, writers: readonly Writer[]): Symmetry {
  return {
    family: 'mean of the stream',
    layer,
    dimension: writers.reduce((lines, writer) => lines + writer.lines, 0),
    generators: (parameters) => means(width, writers, parameters),
  };
}

/**
 * Norms do not see what is added along (1, ..., 1), which may be any linear function of the stream: the maps that read the stream as it is take it
 * back.
 */
export function meanByStream(layer: string, width: number, writers: readonly Writer[], readers: readonly Reader[]): Symmetry {
  return {
    family: 'mean of the stream as a function of it',
    layer,
    dimension: width,
    *generators(parameters) {
      for (let j = 0; j < width; j++) {
        const direction = new DirectionBuilder(parameters);
        for (let i = 0; i < width; i++) {
          for (const port of writers) direction.addLine(port, i, j, scaleOf(port, j, parameters) / scaleOf(port, i, parameters));
          for (const reader of readers) direction.addLine(input(reader), j, i, -1);
        }
        yield direction.vector;
      }
    },
  };
}

/** A constant of the stream against the bias of the map that reads it as it is: along (1, ..., 1), and in all directions where no norm is between. */
function rawConstants(layer: string, width: number, writers: readonly Writer[], { reader, table, lastBiases }: NonNullable<NormedOptions['raw']>): Symmetry[] {
  const { bias } = reader;
  if (bias === null) return [];
  const last = (writer: Writer) => lastBiases.some(({ name }) => name === writer.name);
  const means = writers.filter((writer) => (writer.axis === 0 || writer.name === table) && !last(writer));
  const add = (direction: DirectionBuilder, writer: Writer, j: number) => {
    addToRows(direction, writer, j, 1 / scaleOf(writer, j, direction.parameters));
    direction.addVector(bias, column(direction, reader, j).map((weight) => -weight));
  };
  return [
    {
      family: 'mean of the stream against the last bias',
      layer,
      dimension: means.length,
      *generators(parameters) {
        for (const writer of means) {
          const direction = new DirectionBuilder(parameters);
          for (let j = 0; j < width; j++) add(direction, writer, j);
          yield direction.vector;
        }
      },
    },
    ...lastBiases.map((writer): Symmetry => ({
      family: 'constant of the stream against the last bias',
      layer: writer.name,
      dimension: width,
      *generators(parameters) {
        for (let j = 0; j < width; j++) {
          const direction = new DirectionBuilder(parameters);
          add(direction, writer, j);
          yield direction.vector;
        }
      },
    })),
  ];
}

function* means(width: number, writers: readonly Writer[], parameters: Parameters): Iterable<Direction> {
  for (const writer of writers) {
    for (let line = 0; line < writer.lines; line++) {
      const direction = new DirectionBuilder(parameters);
      const one = new Float64Array(writer.lines);
      one[line] = 1;
      for (let i = 0; i < width; i++) direction.addValues(writer, i, one.map((x) => x / scaleOf(writer, i, parameters)));
      yield direction.vector;
    }
  }
}

/** Every vector of a tied embedding gains the same multiple of (1, ..., 1): norms do not see it, and all logits gain the same. */
function meanOfAll(width: number, embedding: Writer, parameters: Parameters): Direction {
  const direction = new DirectionBuilder(parameters);
  for (let i = 0; i < width; i++) direction.addValues(embedding, i, new Float64Array(embedding.lines).fill(1));
  return direction.vector;
}

/** The coordinate axes; or, orthogonal to (1, ..., 1), Helmert's basis (width - 1 vectors). */
function orthonormal(width: number, centred: boolean): Float64Array[] {
  if (!centred) return Array.from({ length: width }, (_, i) => Float64Array.from({ length: width }, (__, j) => (i === j ? 1 : 0)));
  return Array.from({ length: width - 1 }, (_, k) => {
    const norm = Math.sqrt((k + 1) * (k + 2));
    return Float64Array.from({ length: width }, (__, j) => (j <= k ? 1 / norm : j === k + 1 ? -(k + 1) / norm : 0));
  });
}
