/** Upper-triangle tiles of a square, cut into ranges of tile rows. */

export interface TileRange {
  readonly first: number;
  readonly count: number;
}

/** Ranges that cover all `tiles` rows once, in order, of at most `budget` upper tiles each (a row is never cut). */
export function* upperTileRanges(tiles: number, budget: number): Iterable<TileRange> {
  for (let first = 0; first < tiles; ) {
    let count = 1;
    for (let work = tiles - first; first + count < tiles && work + tiles - first - count <= budget; count++) work += tiles - first - count;
    yield { first, count };
    first += count;
  }
}
