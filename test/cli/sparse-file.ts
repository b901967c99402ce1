/** Large safetensors files: tensors without values are holes, which take no room on disk. */
import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';

const WIDTHS = { F32: 4, BF16: 2 };

export interface SparseTensor {
  readonly dtype: keyof typeof WIDTHS;
  readonly shape: readonly number[];
  /** Bytes as stored; zeros, which are never written, where there are none. */
  readonly bytes?: Uint8Array;
}

/** @returns the size of the file, and the bytes that it takes on disk. */
export function writeSparse(path: string, tensors: ReadonlyMap<string, SparseTensor>): { size: number; onDisk: number } {
  const header: Record<string, object> = {};
  let end = 0;
  for (const [name, { dtype, shape }] of tensors) {
    const begin = end;
    end += shape.reduce((a, b) => a * b, WIDTHS[dtype]);
    header[name] = { dtype, shape, data_offsets: [begin, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const file = openSync(path, 'w');
  try {
    writeSync(file, length);
    writeSync(file, text);
    let at = 8 + text.length;
    for (const { dtype, shape, bytes } of tensors.values()) {
      if (bytes) writeSync(file, bytes, 0, bytes.length, at);
      at += shape.reduce((a, b) => a * b, WIDTHS[dtype]);
    }
    ftruncateSync(file, at);
    const { size, blocks } = fstatSync(file);
    return { size, onDisk: 512 * blocks };
  } finally {
    closeSync(file);
  }
}
