/** Named tensors, read lazily from untrusted files. This folder knows no architecture and never executes pickled code. */

import type { Program } from './program';

/** A file that can be read by slices: a Blob in the page, a file handle in Node, a buffer in tests. */
export interface ByteSource {
  /** Path as dropped, '/'-separated: 'run/model.safetensors'. */
  readonly name: string;
  readonly size: number;
  /** Exactly end - begin bytes; rejects with InputError when the file cannot give them. */
  read(begin: number, end: number): Promise<Uint8Array>;
}

export type DType =
  | 'bool' | 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'u64' | 'i64'
  | 'f16' | 'bf16' | 'f32' | 'f64' | 'c64' | 'c128' | 'f8_e4m3' | 'f8_e5m2' | 'f8_e8m0' | 'f8_e4m3fnuz' | 'f8_e5m2fnuz' | 'f4' | 'f6_e2m3' | 'f6_e3m2';

/** One tensor of a checkpoint. Nothing is read until `bytes` or `values` is called. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** File that holds it. */
  readonly file: string;
  /** Elements as stored, little-endian, row-major (C order), contiguous: strides, Fortran order and byte order are undone. */
  bytes(): Promise<Uint8Array>;
  /**
   * Elements as floating-point numbers, row-major: Float32Array for f32, f16, bf16 and the 8-bit floats (exact), Float64Array for f64
   * and for integers and bool (exact below 2^53; refused with InputError above). Complex and sub-byte dtypes are refused.
   */
  values(): Promise<Float32Array | Float64Array>;
}

export type Format = 'safetensors' | 'sharded safetensors' | 'PyTorch' | 'npz' | 'npy' | 'PNG' | 'Keras' | 'TensorFlow.js' | 'ONNX';

export interface Checkpoint {
  readonly format: Format;
  /** A name for people: the file or the folder. */
  readonly name: string;
  readonly files: readonly { name: string; size: number }[];
  /** In natural order of names. A Map: names are data and may be '__proto__'. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /**
   * Scalars and strings found beside the tensors: safetensors `__metadata__`, plain values of a pickled dict by dotted path
   * ('config.act_fn' -> 'gelu'). For architecture hints only.
   */
  readonly metadata: ReadonlyMap<string, string>;
  /** Named warnings: sentences that the person should see though the file was loaded. */
  readonly warnings: readonly string[];
  /** Names of different tensors that share the same storage (tied weights). */
  readonly shared: readonly (readonly string[])[];
  /** Its own computation, where the file holds one beside the tensors. */
  readonly program?: Program | null;
  /** 'sha256-<hex of 64>' of the header (names, dtypes, shapes, offsets) and of the sizes and first and last 64 KiB of the files: cheap for 6 GB, and different files differ. */
  readonly fingerprint: string;
}

/** A file of a drop that could not be used, and the sentence that says why. */
export interface Refusal {
  readonly file: string;
  readonly tensor: string | null;
  readonly code: string;
  readonly message: string;
}

/** What a drop turned into. One bad file never takes the others with it. */
export interface Opened {
  readonly checkpoints: readonly Checkpoint[];
  /** Files that belong to no checkpoint but are understood: JSON side files ('config.json') by name with their parsed text. */
  readonly sides: ReadonlyMap<string, string>;
  /** Plain text ('.txt'), not read yet. */
  readonly texts: readonly ByteSource[];
  readonly refusals: readonly Refusal[];
}
