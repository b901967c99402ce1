/** The one implementation of TensorEntry: a dtype, a shape, and something that gives its bytes. */
import { BITS, decodeInto, floatsFor, InexactInteger, isReal, swapBytes, swapWidth } from './dtype';
import { count, refusal } from './refusal';
import type { DType, ReadPiece, TensorEntry } from './types';

/** The bytes of one tensor: little-endian, C order, contiguous. */
export interface Elements {
  /** True where any slice is as cheap as its length; false where every read makes the whole. */
  readonly sliceable: boolean;
  read(begin: number, end: number): Promise<Uint8Array>;
  /** As ByteSource has it. */
  readonly readInto?: ((begin: number, bytes: Uint8Array) => Promise<void>) | undefined;
}

/** Bytes of the slices in which large tensors are decoded. */
export const SLICE = 1 << 26;
/** Elements that are read at a time through memory that is used again. */
const PIECE = 1 << 18;

/** Product of the sizes; null where it passes 2^53 on the way. */
export function elementCount(shape: readonly number[]): number | null {
  let n = 1;
  for (const size of shape) {
    n *= size;
    if (n > Number.MAX_SAFE_INTEGER) return null;
  }
  return n;
}

export class StoredTensor implements TensorEntry {
  constructor(
    readonly name: string,
    readonly dtype: DType,
    readonly shape: readonly number[],
    readonly file: string,
    private readonly elements: Elements,
    /** Where its bytes lie in the file, in the format's own terms: part of the fingerprint. */
    readonly place: string,
  ) {}

  private get byteLength(): number {
    return (elementCount(this.shape)! * BITS[this.dtype]) / 8;
  }

  async bytes(): Promise<Uint8Array> {
    return this.guarded(() => this.elements.read(0, this.byteLength));
  }

  async values(): Promise<Float32Array | Float64Array> {
    if (!isReal(this.dtype)) {
      throw refusal('dtype-without-values', this.file, `its elements are ${this.dtype}; expected real numbers of at least 8 bits. Save it as float32 to analyse it.`, this.name);
    }
    return this.guarded(async () => {
      const total = this.byteLength;
      const width = BITS[this.dtype] / 8;
      const out = floatsFor(this.dtype, total / width);
      const again = this.reader();
      if (again) {
        for (let begin = 0; begin < out.length; begin += PIECE) await again(begin, Math.min(out.length, begin + PIECE), out, begin);
        return out;
      }
      const step = this.elements.sliceable ? SLICE : Math.max(total, 1);
      for (let begin = 0; begin < total; begin += step) {
        decodeInto(this.dtype, await this.elements.read(begin, Math.min(total, begin + step)), out, begin / width);
      }
      return out;
    });
  }

  pieces(): ReadPiece | null {
    const read = isReal(this.dtype) ? this.reader() : null;
    return read && ((begin, end, out) => this.guarded(() => read(begin, end, out, 0)));
  }

  /** Reads elements begin ... end to `out` from `at` on, through one piece of memory: what is given up waits for the collector. */
  private reader(): ((begin: number, end: number, out: Float32Array | Float64Array, at: number) => Promise<void>) | null {
    const { readInto } = this.elements;
    if (!readInto) return null;
    const width = BITS[this.dtype] / 8;
    let memory = new Uint8Array(0);
    return async (begin, end, out, at) => {
      const length = (end - begin) * width;
      if (memory.length < length) memory = new Uint8Array(length);
      const bytes = memory.subarray(0, length);
      await readInto(begin * width, bytes);
      try {
        decodeInto(this.dtype, bytes, out, at);
      } catch (error) {
        throw error instanceof InexactInteger ? new InexactInteger(error.index - at + begin) : error;
      }
    };
  }

  /** Names the tensor in what goes wrong while it is read. */
  private async guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof InexactInteger) {
        throw refusal('inexact-integer', this.file, `element ${count(error.index)} is an integer beyond 2^53, which a float64 cannot hold. Read its bytes, or save it as a smaller integer.`, this.name);
      }
      if (error instanceof RangeError) {
        throw refusal('out-of-memory', this.file, `its ${count(this.byteLength)} bytes did not fit in memory. Close other pages, or analyse a smaller layer.`, this.name);
      }
      throw error;
    }
  }
}

/** A tensor laid out with strides, or big-endian, inside a run of bytes that `load` gives. Units of strides and offset: elements. */
export function stridedElements(
  dtype: DType,
  shape: readonly number[],
  strides: readonly number[],
  bigEndian: boolean,
  load: (beginElement: number, endElement: number) => Promise<Uint8Array>,
): Elements {
  const width = BITS[dtype] / 8;
  const span = shape.reduce((last, size, axis) => last + (size - 1) * strides[axis]!, 0) + 1;
  const empty = shape.includes(0);
  const contiguous = isContiguous(shape, strides);
  return {
    sliceable: contiguous,
    async read(begin, end) {
      if (empty) return new Uint8Array(0);
      if (contiguous) {
        const bytes = await load(begin / width, end / width);
        return bigEndian ? swapBytes(bytes, swapWidth(dtype)) : bytes;
      }
      const stored = await load(0, span);
      const whole = gather(bigEndian ? swapBytes(stored, swapWidth(dtype)) : stored, width, shape, strides);
      return whole.subarray(begin, end);
    },
  };
}

export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

/** Strides of axes of size 1 mean nothing. */
function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  const expected = rowMajorStrides(shape);
  return shape.every((size, axis) => size === 1 || strides[axis] === expected[axis]);
}

/** Row-major copy of a strided view. `bytes` starts at the view's first element. */
function gather(bytes: Uint8Array, width: number, shape: readonly number[], strides: readonly number[]): Uint8Array {
  const n = elementCount(shape)!;
  const Word = width === 1 ? Uint8Array : width === 2 ? Uint16Array : Uint32Array;
  const wordsPer = width / Word.BYTES_PER_ELEMENT;
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const from = new Word(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / Word.BYTES_PER_ELEMENT);
  const out = new Word(n * wordsPer);
  const inner = shape[shape.length - 1]!;
  const innerStride = strides[shape.length - 1]! * wordsPer;
  const index = new Array<number>(shape.length).fill(0);
  let at = 0;
  let row = 0;
  while (at < out.length) {
    for (let i = 0, p = row * wordsPer; i < inner; i++, p += innerStride) {
      for (let w = 0; w < wordsPer; w++) out[at++] = from[p + w]!;
    }
    for (let axis = shape.length - 2; axis >= 0; axis--) {
      row += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      row -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return new Uint8Array(out.buffer);
}
