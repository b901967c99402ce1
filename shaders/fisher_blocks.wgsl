// requires: lib/triangle.wgsl
// From the residue Grams of the positions to that of the samples: k_ij = (k_ij + sum of a_ts d_ts over the positions t of sample i and s
// of sample j) modulo m, for i <= j. Of the block on the diagonal only t <= s is there, and the rest is the same again.
// One invocation per entry and modulus; grid = (ceil(samples / 64), rows of K of this dispatch, moduli of it).
//   a, d    [moduli][tilesOfBand][side][side] in 0 .. m - 1: packed upper tiles of both factors from tile row `bandRow` on.
//   modulus [moduli, 2] float32: m and 1 / m, 2^10 < m < 2^11.
//   k       [moduli][entries]: the upper triangle row by row from row `firstSample` on, in 0 .. m - 1.
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

/// x modulo m for x < 2^31 + 2^11. The estimate of the quotient, below 2^22, is wrong by less than one whatever the rounding.
fn reduced(x: u32, m: u32, inverse: f32) -> u32 {
  let r = bitcast<i32>(x - u32(f32(x) * inverse) * m);
  return u32(select(select(r, r - i32(m), r >= i32(m)), r + i32(m), r < 0));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.y + params.firstRow;
  let j = id.x;
  if (j >= params.samples || i > j) {
    return;
  }
  let number = id.z + params.firstModulus;
  let m = u32(modulus[2u * number]);
  let inverse = modulus[2u * number + 1u];
  let side = params.side;
  let bandStart = packedTile(params.bandRow, params.bandRow, params.tiles);
  let before = packedTile(params.firstSample, params.firstSample, params.samples);
  let at = number * params.entries + packedTile(i, j, params.samples) - before;
  var sum = k[at];
  var terms = 0u;
  let endOfI = min(params.endPosition, (i + 1u) * params.positions);
  for (var t = max(params.firstPosition, i * params.positions); t < endOfI; t++) {
    let row = t / side;
    let rowStart = (number * params.tilesOfBand + packedTile(row, 0u, params.tiles) - bandStart) * side * side + (t % side) * side;
    for (var s = max(t, j * params.positions); s < (j + 1u) * params.positions; s++) {
      let entry = rowStart + (s / side) * side * side + s % side;
      sum += a[entry] * d[entry] * select(1u, 2u, i == j && s > t);
      terms++;
      // So many terms below 2^23, and what was there.
      if (terms == 256u) {
        sum = reduced(sum, m, inverse);
        terms = 0u;
      }
    }
  }
  k[at] = reduced(sum, m, inverse);
}
