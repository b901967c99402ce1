/** From sums modulo several numbers to the integers themselves, as pairs hi + lo. */
import type { Workspace } from '../workspace';
import { chineseRemainder, digitsOf } from './moduli';

/** Bits of the digits of weights: sums of products with remainders of 13 bits are exact in float64. */
const DIGIT_BITS = 36;

/** Words of a workspace that `PairReconstruction` needs. */
export function pairWords(count: number, moduli: readonly number[]): number {
  return constantWords(moduli) + 2 * count;
}

function constantWords(moduli: readonly number[]): number {
  return moduli.length * 7 + (moduli.length + 5) * digitCount(moduli);
}

/** Digits of a weight. */
export function digitCount(moduli: readonly number[]): number {
  return Math.ceil(moduli.reduce((bits, m) => bits + Math.log2(m), 0) / DIGIT_BITS);
}

/** The constants of a list of moduli in a workspace, and room for some pairs. How many moduli an integer takes changes no bit of its pair. */
export class PairReconstruction {
  /** By how many of the moduli are used. */
  private readonly known = new Map<number, Float64Array>();
  private readonly constants: Float64Array;
  private readonly hi: Float64Array;
  private readonly lo: Float64Array;
  private held = 0;

  /** @param count pairs at a time at most, a multiple of 4. */
  constructor(
    count: number,
    private readonly moduli: readonly number[],
    private readonly work: Workspace,
  ) {
    this.constants = work.array(constantWords(moduli));
    this.hi = work.array(count);
    this.lo = work.array(count);
  }

  /** As `Reconstruction.integers`: the integers as pairs, valid until the next call. */
  pairs(sums: Float64Array, at: number, stride: number, count: number, k: number): { hi: Float64Array; lo: Float64Array } {
    const { constants, hi, lo } = this;
    const moduli = this.moduli.slice(0, k);
    if (this.held !== k) {
      if (!this.known.has(k)) this.known.set(k, constantsOf(moduli));
      constants.set(this.known.get(k)!);
      this.held = k;
    }
    this.work.loops.residuePairs(sums, at, stride, count, constants, k, digitCount(moduli), hi, lo);
    return { hi, lo };
  }
}

/** As HotLoops.residuePairs reads them. */
export function constantsOf(moduli: readonly number[]): Float64Array {
  const digits = digitCount(moduli);
  const record = 3 + digits;
  const constants = new Float64Array(constantWords(moduli));
  const [integers, floats] = [new Int32Array(constants.buffer), new Float32Array(constants.buffer)];
  const { inverses, weights, product } = chineseRemainder(moduli);
  moduli.forEach((m, l) => {
    const at = l * record;
    integers[2 * at] = m;
    floats[2 * at + 1] = 1 / m;
    // The remainder nearest to zero.
    integers[2 * at + 2] = inverses[l]! > m / 2 ? inverses[l]! - m : inverses[l]!;
    constants[at + 2] = 1 / m;
    constants.set(digitsOf(weights[l]!, digits, DIGIT_BITS), at + 3);
  });
  constants.set(digitsOf(product, digits, DIGIT_BITS), moduli.length * record);
  return constants;
}
