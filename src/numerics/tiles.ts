/**
 * Tensors that are larger than one piece of memory may be: tiles along one axis, each a tensor of the backend. What is computed from them is made
 * piece by piece along an axis of the result, from the boxes of its operands that the piece needs; nothing larger than a tile is ever made.
 */
import type { Shape, Tensor, TensorOps } from './ops';
import { showShape, sizeOf } from './shape';

export class Tiled implements Tensor {
  /** @param tiles At least two, in their order along the axis. */
  constructor(
    readonly shape: Shape,
    readonly axis: number,
    readonly tiles: readonly Tensor[],
  ) {}
}

/** What would take a tile larger than there may be. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
  readonly code = 'tensor-too-large';

  constructor(
    readonly shape: Shape,
    most: number,
  ) {
    super(`A tensor ${showShape(shape)} is too large for the GPU, which holds ${most} values in one piece, and cannot be cut there.`);
  }
}

/** Indices begin … begin + size - 1 of an axis. */
export interface Range {
  readonly begin: number;
  readonly size: number;
}

/** A tensor that a result is made of. */
export interface Operand {
  readonly x: Tensor;
  /** Its axis that is cut where the result is cut along `axis`; null: it is needed whole. */
  along(axis: number): number | null;
}

/** Tile sizes are multiples of this where they can be: the vectors of shaders. */
const LANES = 4;

export class Tiling {
  /** @param most Values of one tensor. */
  constructor(
    private readonly inner: TensorOps,
    private readonly most: number,
  ) {}

  /** Neither tiles nor too large for one. */
  plain(...tensors: readonly (Tensor | Shape)[]): boolean {
    return tensors.every((x) => !(x instanceof Tiled) && sizeOf('shape' in x ? x.shape : x) <= this.most);
  }

  /**
   * A result [shape], cut along one of `axes`, so that neither its pieces nor what they need of the operands is too large. It is one tensor
   * where it may be.
   * @param axes Those that may be cut; the ones along which operands are cut already go first.
   */
  build(shape: Shape, operands: readonly Operand[], axes: readonly number[], piece: (boxes: Tensor[], axis: number, range: Range) => Tensor): Tensor {
    if (sizeOf(shape) === 0) return this.inner.constant([], shape);
    const along = (axis: number) => operands.flatMap(({ x, along }) => (along(axis) === null ? [] : [[x, along(axis)!] as const]));
    const cut = (axis: number) => along(axis).some(([x, own]) => x instanceof Tiled && x.axis === own);
    /** Values for each index. */
    const cost = (axis: number) => Math.max(...[[{ shape }, axis] as const, ...along(axis)].map(([x, own]) => sizeOf(x.shape) / x.shape[own]!));
    const fits = (axis: number) => shape[axis]! > 1 && cost(axis) <= this.most && operands.every(({ x, along }) => along(axis) !== null || this.plain(x));
    const axis = [...axes.filter(cut), ...axes].find(fits);
    if (axis === undefined) throw new TooLargeError(shape, this.most);
    const ranges = this.ranges(shape[axis]!, this.most / cost(axis), along(axis));
    return this.made(shape, axis, ranges, (range) => piece(operands.map(({ x, along }) => this.box(x, along(axis), range)), axis, range));
  }

  /** A result from its pieces over some ranges of an axis. */
  private made(shape: Shape, axis: number, ranges: readonly Range[], piece: (range: Range) => Tensor): Tensor {
    const { inner } = this;
    const pieces: Tensor[] = [];
    for (const range of ranges) pieces.push(inner.scope(() => piece(range)));
    if (sizeOf(shape) > this.most) return new Tiled([...shape], axis, pieces);
    if (pieces.length === 1) return pieces[0]!;
    const joined = inner.concat(pieces, axis);
    inner.dispose(...pieces);
    return joined;
  }

  /** An axis in ranges of at most `longest` indices: those of an operand that is cut there where they will do. */
  private ranges(length: number, longest: number, operands: readonly (readonly [Tensor, number])[]): Range[] {
    for (const [x, axis] of operands) {
      if (x instanceof Tiled && x.axis === axis && x.tiles.every(({ shape }) => shape[axis]! <= longest)) return rangesOf(x);
    }
    const step = Math.min(length, longest < LANES ? Math.floor(longest) : Math.floor(longest / LANES) * LANES);
    return Array.from({ length: Math.ceil(length / step) }, (_, i) => ({ begin: i * step, size: Math.min(step, length - i * step) }));
  }

  /** The first axis that may be cut: its tiles are runs of the row-major values, or few of them. */
  lead(shape: Shape): number {
    const axis = shape.findIndex((length) => length > 1 && sizeOf(shape) / length <= this.most);
    if (axis < 0) throw new TooLargeError(shape, this.most);
    return axis;
  }

  /** The same tensor cut along this axis. It is made anew, unless it is cut so already. */
  along(x: Tiled, axis: number): Tiled {
    if (x.axis === axis) return x;
    return this.build(x.shape, [{ x, along: (own) => own }], [axis], ([part]) => part!) as Tiled;
  }

  /** What a piece needs of an operand, as one tensor. It may be the operand itself or one of its tiles: only to be read. */
  box(x: Tensor, axis: number | null, { begin, size }: Range): Tensor {
    if (axis === null) return x;
    const range = { begin, size };
    if (x instanceof Tiled) {
      const tile = x.axis === axis ? rangesOf(x).findIndex((own) => own.begin === begin && own.size === size) : -1;
      if (tile >= 0) return x.tiles[tile]!;
    } else if (size === x.shape[axis]) return x;
    return this.crop(x, x.shape.map((length, other) => (other === axis ? range : { begin: 0, size: length })));
  }

  /** The values within a range of each axis, few enough for one tensor. */
  crop(x: Tensor, ranges: readonly Range[]): Tensor {
    const { inner } = this;
    const sliced = (from: Tensor, part: readonly Range[]) => inner.slice(from, part.map(({ begin }) => begin), part.map(({ size }) => size));
    if (!(x instanceof Tiled)) return sliced(x, ranges);
    const { axis } = x;
    const parts = overlaps(rangesOf(x), ranges[axis]!).map(({ index, within }) => sliced(x.tiles[index]!, ranges.with(axis, within)));
    return parts.length === 1 ? parts[0]! : inner.concat(parts, axis);
  }
}

/** The ranges of its axis that the tiles are. */
export function rangesOf({ axis, tiles }: Tiled): Range[] {
  return consecutive(tiles.map(({ shape }) => shape[axis]!));
}

/** Ranges of these sizes, one behind the other. */
export function consecutive(sizes: readonly number[]): Range[] {
  let begin = 0;
  return sizes.map((size) => {
    const range = { begin, size };
    begin += size;
    return range;
  });
}

/** The ranges that `wanted` meets, and which part of each of them, counted from its own begin. */
export function overlaps(ranges: readonly Range[], wanted: Range): { index: number; within: Range }[] {
  return ranges.flatMap(({ begin, size }, index) => {
    const from = Math.max(begin, wanted.begin);
    const to = Math.min(begin + size, wanted.begin + wanted.size);
    return to > from ? [{ index, within: { begin: from - begin, size: to - from } }] : [];
  });
}
