/**
 * Inner products of many vectors of integers, by remainders: the core of the exact Grams on the CPU. Modulo 13-bit numbers remainders are
 * within +-4095, so that 128 products and a reduced sum stay below 2^31 (HotLoops.multiplyResidues). Where the machine sums products of
 * bytes at once (Engine.bytes), remainders modulo numbers up to 128 take more moduli and less time (HotLoops.multiplyBytes).
 */
import { gather } from '../product-blocks';
import type { Vectors } from '../product-blocks';
import { powerFactors } from '../scaling';
import type { Steps } from '../stepwise';
import type { TileRange } from '../tile-ranges';
import { engine } from '../workspace';
import type { Workspace } from '../workspace';
import { coprimeModuli } from './moduli';

const LARGEST_MODULUS = 8191;
const LARGEST_BYTE = 128;
/** Bits that moduli up to 128 hold before they get small, and products whose sum stays below 2^21 times any of them: 80 m each. */
const BYTE_LIMITS = { bits: 160, length: 2 ** 14 };
/** Vectors of a panel, and the side of a tile. */
export const SIDE = 8;
/** Sums of a tile in words of the workspace. */
export const TILE_WORDS = (SIDE * SIDE) / 2;
/** Components whose remainders are held at a time. */
const BLOCK = 128;
/** Tiles whose products are made between pauses: about a millisecond. */
const TILES_AT_ONCE = 1024;
/** Bits of the pieces that remainders are taken of, three at most (`mostBits`): of the first, of all others. */
const PIECE_BITS = [48, 35] as const;
const FOLD_1 = 2 ** PIECE_BITS[0];
const FOLD_2 = 2 ** (PIECE_BITS[0] + PIECE_BITS[1]);
/** Memory for the sums that are made at a time, in words. */
const BAND_WORDS = 2 ** 22;
/** Integers are below 0.35 times the product of their moduli, so that digits need not be the nearest ones. */
const SPARE_BITS = 1.5;

/** Vectors as integers: component = integer * 2^unit, |integer| < 2^bits, cut towards zero; units and bits are those of the vector. */
export interface IntegerVectors {
  readonly vectors: Vectors;
  readonly units: Int32Array;
  readonly bits: Int32Array;
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

/** The same for sums of `length` products that need not be reduced: numbers that fit in bytes first, where that is faster. */
export function fastestModuli(bits: number, length: number): number[] {
  if (!engine().bytes || length > BYTE_LIMITS.length) return moduliFor(bits);
  const wanted = bits + SPARE_BITS;
  const small = coprimeModuli(LARGEST_BYTE, Math.min(wanted, BYTE_LIMITS.bits));
  if (wanted <= BYTE_LIMITS.bits) return small;
  // Those of bytes come in pairs.
  const pairs = small.slice(0, 2 * Math.floor(small.length / 2));
  return [...pairs, ...coprimeModuli(LARGEST_MODULUS, wanted - pairs.reduce((sum, m) => sum + Math.log2(m), 0), pairs)];
}

export function panelsOf(count: number): number {
  return Math.ceil(count / SIDE);
}

/** Upper tiles of all moduli that are made at a time, in so many words. */
export function tilesAtOnce(moduli: readonly number[], words = BAND_WORDS): number {
  return words / (TILE_WORDS * moduli.length);
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
export function residueWords(integers: IntegerVectors, { first, count, panels, moduli }: Band): number {
  const lanes = (panels - first) * SIDE;
  return blockLength(integers.vectors) * (SIDE * panels + lanes * (mostOf(piecesOf(integers)) + 1 / 2)) + 3 * lanes + moduli.length * count;
}

/** sums += inner products of the vectors, modulo as many moduli as a tile needs; modulo bytes they are not reduced. Pauses after each row of tiles. */
export function* addResidueProducts(sums: Float64Array, integers: IntegerVectors, band: Band, work: Workspace): Steps<void> {
  const { vectors } = integers;
  const { moduli, panels, first, count, tiles } = band;
  const pieces = piecesOf(integers).subarray(first);
  const mark = work.mark();
  const across = work.array(Math.ceil((moduli.length * count) / 2));
  const rowTiles = tilesAcross(band, new Uint32Array(across.buffer, across.byteOffset, moduli.length * count));
  // Vectors before the least one may be gone already.
  const least = integers.order.subarray(first * SIDE).reduce((a, b) => Math.min(a, b), vectors.count);
  const own = { ...vectors, offset: vectors.offset + least * vectors.vectorStride, count: vectors.count - least };
  const stride = panelsOf(own.count) * SIDE;
  const lanes = (panels - first) * SIDE;
  const values = work.array(stride * blockLength(vectors));
  const q = work.array(mostOf(pieces) * lanes * blockLength(vectors));
  // Remainders of one modulus, as 16-bit integers or as bytes, and of a pair of moduli for bytes.
  const residues = work.array((lanes * blockLength(vectors)) / 4);
  const bytes = work.array((lanes * blockLength(vectors)) / 4);
  const { columns, factors } = laneMaps(integers, first, lanes, least, work);
  for (let start = 0; start < vectors.length; start += BLOCK) {
    const length = Math.min(BLOCK, vectors.length - start);
    const depth = wholeFours(length);
    const panel = SIDE * depth;
    const entries = (panels - first) * panel;
    gather(values, stride, own.values, own, start, length);
    values.fill(0, length * stride, depth * stride);
    for (let i = 0; i < pieces.length; ) {
      const run = runOf(pieces, i, pieces.length);
      work.loops.packIntegers(values, stride, columns, factors, lanes, i * SIDE, run * SIDE, depth, pieces[i]!, q, entries);
      i += run;
    }
    yield;
    for (let k = 0; k < moduli.length; k++) {
      const m = moduli[k]!;
      const small = m <= LARGEST_BYTE;
      const last = lastPanel(rowTiles.subarray(k * count, (k + 1) * count));
      // Two small moduli share the remainders modulo their product.
      if (!small || k % 2 === 0) {
        const modulus = small && k + 1 < moduli.length ? m * moduli[k + 1]! : m;
        for (let i = 0; i < last; ) {
          const run = runOf(pieces, i, last);
          const [at, out] = [i * panel, (i * panel) / 4];
          work.loops.makeResidues(q, at, entries, pieces[i]!, run * panel, modulus, FOLD_1 % modulus, FOLD_2 % modulus, residues, out);
          i += run;
        }
      }
      if (small) work.loops.splitResidues(residues, 0, last * panel, m, bytes, 0, bytes, entries / 8);
      let at = k * tiles * TILE_WORDS;
      for (let i = 0; i < count; ) {
        const width = panels - first - i;
        const rows = rowsAtOnce(width, count - i);
        if (small) work.loops.multiplyBytes(bytes, (i * panel) / 8, (entries + i * panel) / 8, across, k * count + i, rows, width, depth / 4, sums, at);
        else work.loops.multiplyResidues(residues, (i * panel) / 4, across, k * count + i, rows, width, depth / 2, m, sums, at);
        at += (rows * width - (rows * (rows - 1)) / 2) * TILE_WORDS;
        i += rows;
        yield;
      }
    }
  }
  work.reset(mark);
}

/** How many rows of tiles, of which the first has `width`, are made between pauses. */
function rowsAtOnce(width: number, most: number): number {
  let rows = 1;
  for (let tiles = width; rows < most && tiles + width - rows <= TILES_AT_ONCE; rows++) tiles += width - rows;
  return rows;
}

/** For each modulus and row of tiles, how many tiles from the diagonal on need it: [moduli, rows]. */
function tilesAcross({ first, count, panels, needs }: Band, across: Uint32Array): Uint32Array {
  across.fill(0);
  let tile = 0;
  for (let i = 0; i < count; i++) {
    for (let j = first + i; j < panels; j++, tile++) {
      for (let k = 0; k < needs[tile]!; k++) across[k * count + i]!++;
    }
  }
  return across;
}

/** Components are taken in pairs, or as bytes in fours. */
function wholeFours(length: number): number {
  return 4 * Math.ceil(length / 4);
}

function blockLength({ length }: Vectors): number {
  return Math.min(BLOCK, wholeFours(length));
}

/** Panels from the first of the band on that have a part in any of its tiles. */
function lastPanel(across: Uint32Array): number {
  return across.reduce((last, tiles, i) => (tiles > 0 ? Math.max(last, i + tiles) : last), 0);
}

/** For each panel the pieces that its integers need. */
function piecesOf({ bits, order }: IntegerVectors): Uint8Array {
  const pieces = new Uint8Array(panelsOf(order.length)).fill(1);
  const piecesFor = (n: number) => 1 + Math.max(0, Math.ceil((n - PIECE_BITS[0]) / PIECE_BITS[1]));
  order.forEach((vector, i) => (pieces[(i / SIDE) | 0] = Math.max(pieces[(i / SIDE) | 0]!, piecesFor(bits[vector]!))));
  return pieces;
}

/** How many panels from `i` on, before `end`, have as many pieces as it. */
function runOf(pieces: Uint8Array, i: number, end: number): number {
  let run = 1;
  while (i + run < end && pieces[i + run] === pieces[i]) run++;
  return run;
}

function mostOf(pieces: Uint8Array): number {
  return pieces.reduce((most, count) => Math.max(most, count), 1);
}

/** For the lanes of the panels from `first` on: the column of the vector, counted from vector `least`, and the factors that make it integers. */
function laneMaps({ units, order }: IntegerVectors, first: number, lanes: number, least: number, work: Workspace) {
  const columns = work.zeros(lanes / 2);
  const factors = work.zeros(2 * lanes);
  const numbers = new Int32Array(columns.buffer, columns.byteOffset, lanes);
  // Lanes beyond the last vector stay zero times the first column.
  order.subarray(first * SIDE).forEach((vector, lane) => {
    numbers[lane] = vector - least;
    const [outer, inner] = powerFactors(-units[vector]!);
    factors[lane] = outer;
    factors[lanes + lane] = inner;
  });
  return { columns, factors };
}
