/** Exact Grams in big-integer arithmetic, and the data on which other makers of them are held to it. */
import { Random } from '../../src/base/random';
import type { IntegerGram } from '../../src/numerics/exact/integer-gram';
import { toBigInt } from './exact';

/** float32 numbers are multiples of 2^-BITS, and their products of twice that. */
export const BITS = 149;

/** X^T X * 2^(2 bits), upper triangle row by row, of numbers that are multiples of 2^-bits. */
export function bigGram(x: Float32Array | Float64Array, rows: number, columns: number, bits = BITS): bigint[] {
  const big = Array.from(x, (value) => toBigInt(value, bits));
  const g: bigint[] = [];
  for (let i = 0; i < columns; i++) {
    for (let j = i; j < columns; j++) {
      let sum = 0n;
      for (let r = 0; r < rows; r++) sum += big[r * columns + i]! * big[r * columns + j]!;
      g.push(sum);
    }
  }
  return g;
}

/** K_ij * 2^(4 BITS) for i <= j, by gradients that are made: g_i = sum_t a_it delta_it^T, K_ij = <g_i, g_j>. */
export function bigFisherGram(a: Float32Array, delta: Float32Array, samples: number, positions: number, p: number, q: number): bigint[] {
  const [A, D] = [a, delta].map((values) => Array.from(values, (value) => toBigInt(value, BITS))) as [bigint[], bigint[]];
  const gradients = Array.from({ length: samples }, (_, i) =>
    Array.from({ length: p * q }, (_, e) => {
      let sum = 0n;
      for (let t = i * positions; t < (i + 1) * positions; t++) sum += A[t * p + Math.floor(e / q)]! * D[t * q + (e % q)]!;
      return sum;
    }),
  );
  return gradients.flatMap((g, i) => gradients.slice(i).map((h) => g.reduce((sum, value, e) => sum + value * h[e]!, 0n)));
}

/** The integers of an IntegerGram * 2^scale. */
export function bigIntegers({ dimension, fixed, words, limbs }: IntegerGram, scale = 2 * BITS): bigint[] {
  const g: bigint[] = [];
  let at = 0;
  for (let i = 0; i < dimension; i++) {
    for (let j = i; j < dimension; j++, at += words) {
      let integer = BigInt(limbs[at + words - 1]! | 0);
      for (let k = words - 2; k >= 0; k--) integer = (integer << 32n) | BigInt(limbs[at + k]!);
      g.push(integer << BigInt(fixed.units[i]! + fixed.units[j]! + scale));
    }
  }
  return g;
}

export const wide = (random: Random, orders: number) => random.normal() * 2 ** -random.integer(orders);

function made(rows: number, columns: number, seed: number, value: (random: Random, at: number) => number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: rows * columns }, (_, at) => value(random, at));
}

export const families: Record<string, (rows: number, columns: number) => Float32Array> = {
  normal: (n, d) => made(n, d, 1, (random) => random.normal()),
  relu: (n, d) => made(n, d, 2, (random) => Math.max(0, random.normal())),
  'columns from 1 down to 1e-18': (n, d) => made(n, d, 3, (random, at) => random.normal() * 10 ** ((-18 * (at % d)) / d)),
  'clustered about 1000': (n, d) => made(n, d, 4, (random) => 1000 + random.normal()),
  'entries over 40 binary orders': (n, d) => made(n, d, 5, (random) => wide(random, 40)),
  integers: (n, d) => made(n, d, 6, (random) => random.integer(2001) - 1000),
  'subnormal numbers': (n, d) => made(n, d, 7, (random) => (random.integer(2 ** 20) - 2 ** 19) * 2 ** -149),
  'near the largest float32': (n, d) => made(n, d, 8, (random) => 3e38 * (2 * random.uniform() - 1)),
  'zeros of both signs, a zero column and a zero row': (n, d) =>
    made(n, d, 9, (random, at) => (at % d === 1 || at < d ? (at % 2 ? -0 : 0) : random.normal())),
};
