/** Rotary positions (Su et al. 2021): pairs of coordinates of each head turn by position times a frequency of the pair. */
import { cos, exp, log, sin } from '../../base/elementary';
import { ddAdd, ddMul, type DoubleDouble } from '../../numerics/double-double';

export interface RotaryPositions {
  /** Leading dims of each head that are rotated. */
  readonly rotated: number;
  /** Pairs are (0, 1), (2, 3), … instead of (i, i + rotated / 2). */
  readonly adjacent: boolean;
  /** Cosines and sines [positions, rotated]. */
  table(positions: number): { cos: Float64Array; sin: Float64Array };
}

/**
 * base^(-2i / rotated) for the pairs i = 0 … rotated / 2 - 1, each rounded once: the root by one step of Newton in double-double, then its powers.
 * `Math.pow` differs between engines.
 */
export function rotaryFrequencies(rotated: number, base: number): Float64Array {
  const half = rotated / 2;
  const one: DoubleDouble = { hi: 1, lo: 0 };
  const powers = (root: DoubleDouble) => Array.from({ length: half }).reduce<DoubleDouble[]>((all) => [...all, ddMul(all.at(-1)!, root)], [one]);
  const guess: DoubleDouble = { hi: exp(-log(base) / half), lo: 0 };
  const product = ddMul(powers(guess)[half]!, { hi: base, lo: 0 });
  const rest = ddAdd(one, { hi: -product.hi, lo: -product.lo });
  return Float64Array.from(powers(ddAdd(guess, { hi: (guess.hi * rest.hi) / half, lo: 0 })).slice(0, half), ({ hi }) => hi);
}

/** Frequencies that stand in the place of the others for inputs of more positions than these. */
export interface LongFrequencies {
  readonly beyond: number;
  readonly frequencies: Float64Array;
}

/** Over halves, as in GPT-NeoX and Llama. @param amplitude what scaled positions multiply cosines and sines with */
export function rotaryHalves(frequencies: Float64Array, amplitude = 1, long?: LongFrequencies): RotaryPositions {
  const half = frequencies.length;
  const rotated = 2 * half;
  const table = (positions: number, f: (angle: number) => number) => {
    const values = new Float64Array(positions * rotated);
    const used = long && positions > long.beyond ? long.frequencies : frequencies;
    for (let t = 0; t < positions; t++)
      for (let i = 0; i < half; i++) values[t * rotated + i] = values[t * rotated + half + i] = amplitude * f(t * used[i]!);
    return values;
  };
  return { rotated, adjacent: false, table: (positions) => ({ cos: table(positions, cos), sin: table(positions, sin) }) };
}
