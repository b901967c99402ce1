/** Quantised weights of TensorFlow.js: q * scale + min in float64, rounded to the weight's own type, as tfjs-core/src/io/io_utils.ts has it. */
import type { InputError } from '../base/errors';
import { BITS, decodeInto } from './dtype';
import { quoted } from './refusal';
import type { Elements } from './stored-tensor';
import { Real, type Json } from './strict-json';
import type { DType } from './types';

export interface Quantisation {
  /** As the manifest calls it: 'uint8', 'uint16', 'float16'. */
  readonly dtype: string;
  readonly stored: 'u8' | 'u16' | 'f16';
  readonly scale: number;
  readonly min: number;
}

const STORED: ReadonlyMap<string, Quantisation['stored']> = new Map([['uint8', 'u8'], ['uint16', 'u16'], ['float16', 'f16']]);

/** @param dtype type of the weight itself. Null where it is not quantised; throws InputError. */
export function readQuantisation(value: Json | undefined, dtype: Json, fail: (code: string, sentence: string) => InputError): Quantisation | null {
  if (value === undefined) return null;
  const name = value instanceof Map ? value.get('dtype') : undefined;
  const stored = typeof name === 'string' ? STORED.get(name) : undefined;
  if (!(value instanceof Map) || stored === undefined) throw fail('bad-quantisation', `its quantization has the dtype ${typeof name === 'string' ? quoted(name) : 'missing'}; expected uint8, uint16 or float16.`);
  if (stored === 'f16') {
    if (dtype !== 'float32') throw fail('bad-quantisation', 'it is quantised to float16, which is for float32 weights only.');
    return { dtype: 'float16', stored, scale: 1, min: 0 };
  }
  if (dtype !== 'float32' && dtype !== 'int32') throw fail('bad-quantisation', `it is quantised to ${String(name)}, which is for float32 and int32 weights only.`);
  const [scale, min] = ['scale', 'min'].map((key) => {
    const found = value.get(key);
    const number = found instanceof Real ? found.value : typeof found === 'number' ? found : NaN;
    if (!Number.isFinite(number)) throw fail('bad-quantisation', `its quantization has no number as its ${key}.`);
    return number;
  });
  return { dtype: String(name), stored, scale: scale!, min: min! };
}

/** The restored elements of a float32 or int32 weight; slices are of whole elements. */
export function quantised(packed: Elements, { stored, scale, min }: Quantisation, dtype: DType): Elements {
  const width = BITS[stored] / 8;
  return {
    sliceable: packed.sliceable,
    async read(begin, end) {
      const bytes = await packed.read((begin / 4) * width, (end / 4) * width);
      const n = bytes.length / width;
      if (stored === 'f16') {
        const floats = new Float32Array(n);
        decodeInto('f16', bytes, floats, 0);
        return new Uint8Array(floats.buffer);
      }
      const restored = new Float64Array(n);
      decodeInto(stored, bytes, restored, 0);
      for (let i = 0; i < n; i++) restored[i] = restored[i]! * scale + min;
      return new Uint8Array((dtype === 'i32' ? Int32Array.from(restored, Math.round) : Float32Array.from(restored)).buffer);
    },
  };
}
