/**
 * Residue number systems: an integer is known by its remainders modulo pairwise coprime numbers, and sums and products of integers
 * are taken remainder by remainder (Garner 1959; for matrix products: Ozaki, Uchino & Imamura 2025, "Ozaki scheme II").
 */

/** Pairwise coprime numbers downwards from `largest`, coprime to all `others` too, as many as a product of at least 2^bits takes. */
export function coprimeModuli(largest: number, bits: number, others: readonly number[] = []): number[] {
  const moduli: number[] = [];
  let product = 0;
  for (let m = largest; product < bits + 2 ** -20; m--) {
    if (m < 2) throw new Error(`no ${bits} bits of coprime numbers up to ${largest}`);
    if ([...others, ...moduli].some((other) => greatestCommonDivisor(m, other) > 1)) continue;
    moduli.push(m);
    product += Math.log2(m);
  }
  return moduli;
}

/** inverses[k * moduli.length + l] = 1 / moduli[l] modulo moduli[k] for l < k: the constants of Garner's algorithm. */
export function garnerInverses(moduli: readonly number[]): Uint32Array {
  const count = moduli.length;
  const inverses = new Uint32Array(count * count);
  for (let k = 0; k < count; k++) for (let l = 0; l < k; l++) inverses[k * count + l] = inverse(moduli[l]!, moduli[k]!);
  return inverses;
}

/**
 * What the Chinese remainder theorem makes an integer of, M being the product of the moduli: inverses[k] is 1 / (M / moduli[k]) modulo
 * moduli[k]; weights are the M / moduli[k], and product is M.
 */
export function chineseRemainder(moduli: readonly number[]): { inverses: number[]; weights: bigint[]; product: bigint } {
  const product = moduli.reduce((all, m) => all * BigInt(m), 1n);
  const weights = moduli.map((m) => product / BigInt(m));
  return { inverses: moduli.map((m, k) => inverse(Number(weights[k]! % BigInt(m)), m)), weights, product };
}

/** `count` digits of so many bits of an integer, least first; of a negative one those of its two's complement. */
export function digitsOf(integer: bigint, count: number, bits: number): number[] {
  return Array.from({ length: count }, (_, d) => Number(BigInt.asUintN(bits, integer >> BigInt(bits * d))));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** 1 / a modulo m by Euclid's algorithm; a and m are coprime. */
function inverse(a: number, m: number): number {
  let [r, s] = [m, a % m];
  let [u, v] = [0, 1];
  while (s !== 0) {
    const quotient = Math.floor(r / s);
    [r, s] = [s, r - quotient * s];
    [u, v] = [v, u - quotient * v];
  }
  return u < 0 ? u + m : u;
}
