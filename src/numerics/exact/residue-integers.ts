/** From remainders modulo several numbers to the integers themselves. */
import type { Workspace } from '../workspace';
import { garnerInverses } from './moduli';

/** Words of a workspace that `Reconstruction` needs. */
export function reconstructionWords(count: number, moduli: readonly number[], words: number): number {
  return moduli.length + moduli.length ** 2 + Math.ceil((count * words) / 2);
}

/** The constants of a list of moduli in a workspace, and room for some integers. */
export class Reconstruction {
  private readonly constants: Float64Array;
  private readonly inverses: Float64Array;
  private readonly out: Float64Array;

  /** @param count integers at a time at most, a multiple of 4; @param words 32-bit words of an integer. */
  constructor(
    count: number,
    moduli: readonly number[],
    private readonly words: number,
    private readonly work: Workspace,
  ) {
    const k = moduli.length;
    this.constants = work.array(k);
    this.inverses = work.array(k ** 2);
    this.out = work.array(Math.ceil((count * words) / 2));
    const { buffer, byteOffset } = this.constants;
    const [integers, floats] = [new Int32Array(buffer, byteOffset, 2 * k), new Float32Array(buffer, byteOffset, 2 * k)];
    moduli.forEach((m, i) => {
      integers[2 * i] = m;
      floats[2 * i + 1] = 1 / m;
    });
    const triangle = new Int32Array(this.inverses.buffer, this.inverses.byteOffset, 2 * k ** 2);
    const square = garnerInverses(moduli);
    for (let i = 1; i < k; i++) triangle.set(square.subarray(i * k, i * k + i), (i * (i - 1)) / 2);
  }

  /**
   * `count` integers (a multiple of 4) out of sums modulo the first `k` moduli, row by row `stride` apart from word `at` on, which are
   * lost: two's complement [count, words], least word first, valid until the next call.
   */
  integers(sums: Float64Array, at: number, stride: number, count: number, k: number): Uint32Array {
    const { constants, inverses, out, words } = this;
    this.work.loops.mixedRadix(sums, at, stride, count, constants, k, inverses, words, out);
    return new Uint32Array(out.buffer, out.byteOffset, count * words);
  }
}
