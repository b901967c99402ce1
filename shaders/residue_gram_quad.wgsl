enable subgroups;
// requires: lib/pair.wgsl, lib/quad.wgsl, lib/triangle.wgsl
// Gram modulo several numbers, for software adapters: g = (g + sum over the pairs of rows of w^T w) modulo m, upper tiles of 16 x 16,
// entries in 0 .. m - 1. Remainders are within +-1023, so four products and BIAS stay within 2^23 .. 2^24: float32 holds every partial
// sum in any order, fused or not, and the sum is there in the low bits, where integers add it (a conversion of floats would be
// slower). 2048 rows stay below 2^31.
// One quad of invocations makes one tile; grid = (tiles, tile rows of this dispatch, moduli of it).
//   w       texture of panels, read through `nearest`: texel (4 r + q, k tiles + p) is words 4 q .. + 3 of pair r of panel p modulo the
//           k-th number, see residues.wgsl.
//   modulus [moduli, 2] float32: m comes first.
//   g       [moduli][tilesOfBand][16][16]: packed upper tiles from tile row `bandRow` on (lib/triangle.wgsl).
//   params  see struct; pairs is a multiple of 2.
// What is where in the lanes, and why: see gram_quad.wgsl.

struct Params {
  pairs: u32,
  tiles: u32,
  tilesOfBand: u32,
  bandRow: u32,
  firstTileRow: u32,
  firstModulus: u32,
}

@group(0) @binding(0) var w: texture_2d<f32>;
@group(0) @binding(1) var nearest: sampler;
@group(0) @binding(2) var<storage, read> modulus: array<f32>;
@group(0) @binding(3) var<storage, read_write> g: array<vec4u>;
@group(0) @binding(4) var<uniform> params: Params;

/// 1.5 * 2^23, and its bits.
const BIAS = 12582912.0;
const BIAS_BITS = 0x4b400000u;

/// Four rows of the tile by four of a lane's columns.
struct Sums {
  row0: vec4i,
  row1: vec4i,
  row2: vec4i,
  row3: vec4i,
}

/// s + a^T b, the columns of a and b having four rows each.
fn plus(s: Sums, a: mat4x4f, b: mat4x4f) -> Sums {
  return Sums(plusRow(s.row0, a[0], b), plusRow(s.row1, a[1], b), plusRow(s.row2, a[2], b), plusRow(s.row3, a[3], b));
}

fn plusRow(s: vec4i, a: vec4f, b: mat4x4f) -> vec4i {
  return vec4i(
    s.x + bitcast<i32>(BIAS + dot(a, b[0])),
    s.y + bitcast<i32>(BIAS + dot(a, b[1])),
    s.z + bitcast<i32>(BIAS + dot(a, b[2])),
    s.w + bitcast<i32>(BIAS + dot(a, b[3])),
  );
}

fn fourRows(at: f32, panel: f32, step: f32) -> mat4x4f {
  let pair0 = textureSampleLevel(w, nearest, vec2f(at, panel), 0.0);
  let pair1 = textureSampleLevel(w, nearest, vec2f(at + step, panel), 0.0);
  return mat4x4f(firstRow(pair0), secondRow(pair0), firstRow(pair1), secondRow(pair1));
}

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = group.y + params.firstTileRow;
  let j = group.x;
  if (i > j) {
    return;
  }
  let k = group.z + params.firstModulus;
  // Centres of texels.
  let step = 1.0 / f32(params.pairs);
  let start = 0.25 * step * (f32(lane) + 0.5);
  let height = f32(arrayLength(&modulus) / 2u * params.tiles);
  let left = (f32(k * params.tiles + i) + 0.5) / height;
  let right = (f32(k * params.tiles + j) + 0.5) / height;
  // What the biases of all turns add up to, modulo 2^32.
  let bias = vec4i(bitcast<i32>(0u - (params.pairs / 2u) * BIAS_BITS));
  var s0 = Sums(bias, bias, bias, bias);
  var s1 = s0;
  var s2 = s0;
  var s3 = s0;
  for (var pair = 0u; pair < params.pairs; pair += 2u) {
    let at = start + f32(pair) * step;
    let a = transpose(fourRows(at, left, step));
    let b = transpose(fourRows(at, right, step));
    s0 = plus(s0, a, b);
    s1 = plus(s1, swapX(a), b);
    s2 = plus(s2, swapY(a), b);
    s3 = plus(s3, swapDiagonal(a), b);
  }
  let tile = k * params.tilesOfBand + packedTile(i, j, params.tiles) - packedTile(params.bandRow, params.bandRow, params.tiles);
  let corner = 64u * tile + lane;
  let m = i32(modulus[2u * k]);
  put(corner + 16u * lane, s0, m);
  put(corner + 16u * (lane ^ 1u), s1, m);
  put(corner + 16u * (lane ^ 2u), s2, m);
  put(corner + 16u * (lane ^ 3u), s3, m);
}

fn put(at: u32, s: Sums, m: i32) {
  putRow(at, s.row0, m);
  putRow(at + 4u, s.row1, m);
  putRow(at + 8u, s.row2, m);
  putRow(at + 12u, s.row3, m);
}

fn putRow(at: u32, sum: vec4i, m: i32) {
  let r = bitcast<vec4i>(g[at]) + sum % m;
  g[at] = bitcast<vec4u>(select(select(r, r - m, r >= vec4i(m)), r + m, r < vec4i(0)));
}
