/** Large safetensors files that take no room: holes, and a few tensors with values. */
import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';

export interface SparseTensor {
  readonly shape: readonly number[];
  /** Zeros, which are never written, where there are none. */
  readonly values?: Float32Array;
}

/** Writes float32 tensors. @returns the bytes that the file takes on disk, of `size`. */
export function writeSparse(path: string, tensors: Readonly<Record<string, SparseTensor>>): { size: number; onDisk: number } {
  const header: Record<string, object> = {};
  let end = 0;
  for (const [name, { shape }] of Object.entries(tensors)) {
    const begin = end;
    end += 4 * shape.reduce((a, b) => a * b, 1);
    header[name] = { dtype: 'F32', shape, data_offsets: [begin, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const file = openSync(path, 'w');
  try {
    writeSync(file, length);
    writeSync(file, text);
    let at = 8 + text.length;
    for (const { shape, values } of Object.values(tensors)) {
      const bytes = 4 * shape.reduce((a, b) => a * b, 1);
      if (values) writeSync(file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 0, bytes, at);
      at += bytes;
    }
    ftruncateSync(file, at);
    const { size, blocks } = fstatSync(file);
    return { size, onDisk: 512 * blocks };
  } finally {
    closeSync(file);
  }
}
