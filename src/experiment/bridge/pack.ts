/** A chain as one array [depth, width, width]. */
import type { Chain } from './setting';

export function pack(chain: Chain): Float64Array {
  const size = chain[0]!.length;
  const packed = new Float64Array(chain.length * size);
  chain.forEach((w, l) => packed.set(w, l * size));
  return packed;
}

export function unpack(packed: Float64Array, depth: number, width: number): Chain {
  return Array.from({ length: depth }, (_, l) => packed.slice(l * width * width, (l + 1) * width * width));
}
