// Position of tile (i, j), i <= j < tiles, in the packed list of upper-triangle tiles: row by row from the diagonal.
fn packedTile(i: u32, j: u32, tiles: u32) -> u32 {
  return i * tiles - ((i * (i + 1u)) >> 1u) + j;
}
