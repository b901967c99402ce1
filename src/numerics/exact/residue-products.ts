/**
 * Inner products of many vectors of integers, by remainders modulo 13-bit numbers: the core of the exact Grams on the CPU. Remainders
 * are within +-4095, so that 128 products and a reduced sum stay below 2^31 (HotLoops.multiplyResidues).
 */
import type { Vectors } from '../exact-products';
import { powerFactors } from '../scaling';
import type { Steps } from '../stepwise';
import type { TileRange } from '../tile-ranges';
import type { Workspace } from '../workspace';
import { coprimeModuli } from './moduli';

const LARGEST_MODULUS = 8191;
/** Vectors of a panel, and the side of a tile. */
export const SIDE = 8;
/** Sums of a tile in words of the workspace. */
export const TILE_WORDS = (SIDE * SIDE) / 2;
/** Components whose remainders are held at a time. */
const BLOCK = 128;
/** Bits of the pieces that remainders are taken of. */
const PIECE_BITS = 48;
/** Memory for the sums that are made at a time, in words. */
const BAND_WORDS = 2 ** 22;
/** Integers are below 0.35 times the product of their moduli, so that digits need not be the nearest ones. */
const SPARE_BITS = 1.5;

/** Vectors as integers: component = integer * 2^unit of its vector, |integer| < 2^bits, cut towards zero. */
export interface IntegerVectors {
  readonly vectors: Vectors;
  readonly units: Int32Array;
  readonly bits: number;
  /** Which vector stands where in the panels. */
  readonly order: Int32Array;
}

/** A band of rows of upper tiles. Sums of tile t, modulus k: 8 x 8 32-bit at word (k * tiles + t) * TILE_WORDS. */
export interface Band extends TileRange {
  readonly panels: number;
  readonly tiles: number;
  readonly moduli: readonly number[];
  /** How many of the moduli a tile needs, row by row; falls along rows. */
  readonly needs: Uint16Array;
}

/** Moduli for integers up to 2^bits in magnitude. */
export function moduliFor(bits: number): number[] {
  return coprimeModuli(LARGEST_MODULUS, bits + SPARE_BITS);
}

export function panelsOf(count: number): number {
  return Math.ceil(count / SIDE);
}

/** Upper tiles of all moduli that are made at a time. */
export function tilesAtOnce(moduli: readonly number[]): number {
  return BAND_WORDS / (TILE_WORDS * moduli.length);
}

/** @param bitsOf bits of the magnitude of integers in tile (i, j), falling with j. */
export function bandOf({ first, count }: TileRange, panels: number, moduli: readonly number[], bitsOf: (i: number, j: number) => number): Band {
  const tiles = count * (panels - first) - (count * (count - 1)) / 2;
  const needs = new Uint16Array(tiles);
  const held = moduli.map((_, k) => moduli.slice(0, k).reduce((bits, m) => bits + Math.log2(m), -SPARE_BITS));
  let tile = 0;
  for (let i = first; i < first + count; i++) {
    let need = moduli.length;
    for (let j = i; j < panels; j++) {
      while (need > 1 && held[need - 1]! > bitsOf(i, j) + 2 ** -20) need--;
      needs[tile++] = need;
    }
  }
  return { first, count, panels, tiles, moduli, needs };
}

/** Words of the sums of a band. */
export function sumWords({ tiles, moduli }: Band): number {
  return tiles * moduli.length * TILE_WORDS;
}

/** Words of a workspace that `addResidueProducts` needs for its own. */
export function residueWords({ vectors, bits }: IntegerVectors, { first, panels, moduli }: Band): number {
  return (panels - first) * SIDE * blockLength(vectors) * (piecesOf(bits) + moduli.length / 4);
}

/** sums += inner products of the vectors, modulo as many moduli as a tile needs. Pauses after each row of tiles. */
export function* addResidueProducts(sums: Float64Array, integers: IntegerVectors, band: Band, work: Workspace): Steps<void> {
  const { vectors } = integers;
  const { moduli, panels, first, count, tiles } = band;
  const pieces = piecesOf(integers.bits);
  const across = tilesAcross(band);
  const mark = work.mark();
  const held = (panels - first) * SIDE * blockLength(vectors);
  const q = work.array(pieces * held);
  const residues = work.array((held * moduli.length) / 4);
  for (let start = 0; start < vectors.length; start += BLOCK) {
    const pairs = Math.ceil(Math.min(BLOCK, vectors.length - start) / 2);
    const panel = 2 * SIDE * pairs;
    const entries = (panels - first) * panel;
    packIntegers(q, integers, first, start, pairs, entries);
    yield;
    for (let k = 0; k < moduli.length; k++) {
      const m = moduli[k]!;
      const fold = 2 ** PIECE_BITS % m;
      work.loops.makeResidues(q, pieces, entries, m, fold, fold ** 2 % m, residues, (k * entries) / 4);
      let at = k * tiles * TILE_WORDS;
      for (let i = 0; i < count; i++) {
        const from = (k * entries + i * panel) / 4;
        work.loops.multiplyResidues(residues, from, residues, from, across[k * count + i]!, pairs, m, sums, at);
        at += (panels - first - i) * TILE_WORDS;
        yield;
      }
    }
  }
  work.reset(mark);
}

/** For each modulus and row of tiles, how many tiles from the diagonal on need it: [moduli, rows]. */
function tilesAcross({ moduli, first, count, panels, needs }: Band): Uint32Array {
  const across = new Uint32Array(moduli.length * count);
  let tile = 0;
  for (let i = 0; i < count; i++) {
    for (let j = first + i; j < panels; j++, tile++) {
      for (let k = 0; k < needs[tile]!; k++) across[k * count + i]!++;
    }
  }
  return across;
}

function blockLength({ length }: Vectors): number {
  return Math.min(BLOCK, length + (length & 1));
}

function piecesOf(bits: number): number {
  return Math.max(1, Math.ceil(bits / PIECE_BITS));
}

/** Panels of integers, component by component of all eight vectors, in pieces; zeros beyond the last vector and component. */
function packIntegers(
  q: Float64Array,
  { vectors, units, bits, order }: IntegerVectors,
  firstPanel: number,
  start: number,
  pairs: number,
  entries: number,
): void {
  const { values, offset, vectorStride, componentStride } = vectors;
  const length = Math.min(2 * pairs, vectors.length - start);
  if (length < 2 * pairs || order.length % SIDE > 0) q.fill(0, 0, entries);
  for (let i = firstPanel * SIDE; i < order.length; i++) {
    const vector = order[i]!;
    const [outer, inner] = powerFactors(-units[vector]!);
    const lane = i % SIDE;
    let at = offset + vector * vectorStride + start * componentStride;
    for (let to = (i - firstPanel * SIDE - lane) * 2 * pairs + lane, k = 0; k < length; k++, to += SIDE, at += componentStride) {
      q[to] = Math.trunc(values[at]! * outer * inner);
    }
  }
  for (let piece = 1; piece < piecesOf(bits); piece++) {
    for (let to = (piece - 1) * entries; to < piece * entries; to++) {
      const high = Math.round(q[to]! * 2 ** -PIECE_BITS);
      q[entries + to] = high;
      q[to]! -= high * 2 ** PIECE_BITS;
    }
  }
}
