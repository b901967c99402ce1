// requires: lib/triangle.wgsl
// From the residue Grams of the positions to that of the samples: k_ij = (k_ij + sum of a_ts d_ts over the positions t of sample i and s
// of sample j) modulo m, for i <= j. Of the block on the diagonal only t <= s is there, and the rest is the same again.
// One invocation per entry and modulus; grid = (ceil(samples / 64), rows of K of this dispatch, moduli of it).
//   a, d    [moduli][tilesOfBand][side][side] in 0 .. m - 1: packed upper tiles of both factors from tile row `bandRow` on.
//   modulus [moduli, 2] float32: m < 2^11 comes first.
//   k       [moduli][entries]: entry (i, j) is at (i - firstSample) samples + j, in 0 .. m - 1.
//   params  see struct; only positions t in firstPosition .. endPosition - 1 are summed.

struct Params {
  samples: u32,
  positions: u32,
  firstSample: u32,
  firstRow: u32,
  firstPosition: u32,
  endPosition: u32,
  side: u32,
  tiles: u32,
  tilesOfBand: u32,
  bandRow: u32,
  firstModulus: u32,
  entries: u32,
}

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read> d: array<u32>;
@group(0) @binding(2) var<storage, read> modulus: array<f32>;
@group(0) @binding(3) var<storage, read_write> k: array<u32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.y + params.firstRow;
  let j = id.x;
  if (j >= params.samples || i > j) {
    return;
  }
  let number = id.z + params.firstModulus;
  let m = u32(modulus[2u * number]);
  let side = params.side;
  let bandStart = packedTile(params.bandRow, params.bandRow, params.tiles);
  let at = number * params.entries + (i - params.firstSample) * params.samples + j;
  var sum = k[at];
  let endOfI = min(params.endPosition, (i + 1u) * params.positions);
  for (var t = max(params.firstPosition, i * params.positions); t < endOfI; t++) {
    let row = t / side;
    let rowStart = (number * params.tilesOfBand + packedTile(row, 0u, params.tiles) - bandStart) * side * side + (t % side) * side;
    for (var s = max(t, j * params.positions); s < (j + 1u) * params.positions; s++) {
      let entry = rowStart + (s / side) * side * side + s % side;
      sum += a[entry] * d[entry] * select(1u, 2u, i == j && s > t);
      // 2^8 terms below 2^23 and what was there.
      if ((s & 0xffu) == 0xffu) {
        sum %= m;
      }
    }
    sum %= m;
  }
  k[at] = sum;
}
