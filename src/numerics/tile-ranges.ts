/** Upper-triangle tiles of a square, cut into ranges of tile rows. */

export interface TileRange {
  readonly first: number;
  readonly count: number;
}

/** Ranges that cover the rows of tiles of `within` once, in order, of at most `budget` upper tiles each (a row is never cut). */
export function* upperTileRanges(tiles: number, budget: number, within: TileRange = { first: 0, count: tiles }): Iterable<TileRange> {
  const end = within.first + within.count;
  for (let first = within.first; first < end; ) {
    let count = 1;
    for (let work = tiles - first; first + count < end && work + tiles - first - count <= budget; count++) work += tiles - first - count;
    yield { first, count };
    first += count;
  }
}
