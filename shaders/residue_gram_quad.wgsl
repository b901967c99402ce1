enable subgroups;
// requires: lib/triangle.wgsl
// Gram modulo several numbers, for software adapters: g = (g + sum over the pairs of rows of w^T w) modulo m, upper tiles, entries in
// 0 .. m - 1. Remainders are within +-1023, so four products and BIAS stay within 2^23 .. 2^24: float32 holds every partial sum in any
// order, fused or not, and the sum is there in the low bits, where integers add it (a conversion of floats would be slower).
// 2048 rows stay below 2^31. One quad of invocations makes one tile of 16 x 16; grid = (tiles, tile rows of this dispatch, moduli of it).
//   w       [moduli, pairs, width], pairs a multiple of 2, width of 16: see residues.wgsl.
//   modulus [moduli, 2] float32: m comes first.
//   g       [moduli][tilesOfBand][16][16]: packed upper tiles from tile row `bandRow` on (lib/triangle.wgsl).
//   params  see struct.
// Lanes hold columns 4 c + lane of the tile in vec4s; rows go around by quad swaps, which are one instruction there (a broadcast is
// about 45, a load 75): in turn t a lane has the tile rows 4 c + (lane ^ t).

struct Params {
  pairs: u32,
  width: u32,
  tiles: u32,
  tilesOfBand: u32,
  bandRow: u32,
  firstTileRow: u32,
  firstModulus: u32,
}

@group(0) @binding(0) var<storage, read> w: array<u32>;
@group(0) @binding(1) var<storage, read> modulus: array<f32>;
@group(0) @binding(2) var<storage, read_write> g: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

const SIDE = 16u;
/// 1.5 * 2^23, and its bits.
const BIAS = 12582912.0;
const BIAS_BITS = 0x4b400000u;

fn words(at: u32) -> vec4u {
  return vec4u(w[at], w[at + 4u], w[at + 8u], w[at + 12u]);
}

fn firstOf(v: vec4u) -> vec4f {
  return vec4f(bitcast<vec4i>(v & vec4u(0xffffu))) - 1024.0;
}

fn secondOf(v: vec4u) -> vec4f {
  return vec4f(bitcast<vec4i>(v & vec4u(0xffff0000u))) * 0x1p-16;
}

fn put(at: u32, sum: vec4i, m: i32) {
  for (var c = 0u; c < 4u; c++) {
    let r = i32(g[at + 4u * c]) + sum[c] % m;
    g[at + 4u * c] = u32(select(select(r, r - m, r >= m), r + m, r < 0));
  }
}

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = group.y + params.firstTileRow;
  let j = group.x;
  if (i > j) {
    return;
  }
  let k = group.z + params.firstModulus;
  let start = k * params.pairs * params.width + lane;
  let rowSide = start + i * SIDE;
  let columnSide = start + j * SIDE;
  // What the biases of all turns add up to, modulo 2^32.
  let bias = vec4i(bitcast<i32>(0u - (params.pairs / 2u) * BIAS_BITS));
  var s00 = bias;
  var s01 = bias;
  var s02 = bias;
  var s03 = bias;
  var s10 = bias;
  var s11 = bias;
  var s12 = bias;
  var s13 = bias;
  var s20 = bias;
  var s21 = bias;
  var s22 = bias;
  var s23 = bias;
  var s30 = bias;
  var s31 = bias;
  var s32 = bias;
  var s33 = bias;
  for (var pair = 0u; pair < params.pairs; pair += 2u) {
    let row0 = pair * params.width;
    let row2 = row0 + params.width;
    let a01 = words(row0 + rowSide);
    let a23 = words(row2 + rowSide);
    let b01 = words(row0 + columnSide);
    let b23 = words(row2 + columnSide);
    let a0 = firstOf(a01);
    let a1 = secondOf(a01);
    let a2 = firstOf(a23);
    let a3 = secondOf(a23);
    let b0 = firstOf(b01);
    let b1 = secondOf(b01);
    let b2 = firstOf(b23);
    let b3 = secondOf(b23);
    s00 += bitcast<vec4i>(BIAS + a0.x * b0 + a1.x * b1 + a2.x * b2 + a3.x * b3);
    s01 += bitcast<vec4i>(BIAS + a0.y * b0 + a1.y * b1 + a2.y * b2 + a3.y * b3);
    s02 += bitcast<vec4i>(BIAS + a0.z * b0 + a1.z * b1 + a2.z * b2 + a3.z * b3);
    s03 += bitcast<vec4i>(BIAS + a0.w * b0 + a1.w * b1 + a2.w * b2 + a3.w * b3);
    let p10 = quadSwapX(a0);
    let p11 = quadSwapX(a1);
    let p12 = quadSwapX(a2);
    let p13 = quadSwapX(a3);
    s10 += bitcast<vec4i>(BIAS + p10.x * b0 + p11.x * b1 + p12.x * b2 + p13.x * b3);
    s11 += bitcast<vec4i>(BIAS + p10.y * b0 + p11.y * b1 + p12.y * b2 + p13.y * b3);
    s12 += bitcast<vec4i>(BIAS + p10.z * b0 + p11.z * b1 + p12.z * b2 + p13.z * b3);
    s13 += bitcast<vec4i>(BIAS + p10.w * b0 + p11.w * b1 + p12.w * b2 + p13.w * b3);
    let p20 = quadSwapY(a0);
    let p21 = quadSwapY(a1);
    let p22 = quadSwapY(a2);
    let p23 = quadSwapY(a3);
    s20 += bitcast<vec4i>(BIAS + p20.x * b0 + p21.x * b1 + p22.x * b2 + p23.x * b3);
    s21 += bitcast<vec4i>(BIAS + p20.y * b0 + p21.y * b1 + p22.y * b2 + p23.y * b3);
    s22 += bitcast<vec4i>(BIAS + p20.z * b0 + p21.z * b1 + p22.z * b2 + p23.z * b3);
    s23 += bitcast<vec4i>(BIAS + p20.w * b0 + p21.w * b1 + p22.w * b2 + p23.w * b3);
    let p30 = quadSwapDiagonal(a0);
    let p31 = quadSwapDiagonal(a1);
    let p32 = quadSwapDiagonal(a2);
    let p33 = quadSwapDiagonal(a3);
    s30 += bitcast<vec4i>(BIAS + p30.x * b0 + p31.x * b1 + p32.x * b2 + p33.x * b3);
    s31 += bitcast<vec4i>(BIAS + p30.y * b0 + p31.y * b1 + p32.y * b2 + p33.y * b3);
    s32 += bitcast<vec4i>(BIAS + p30.z * b0 + p31.z * b1 + p32.z * b2 + p33.z * b3);
    s33 += bitcast<vec4i>(BIAS + p30.w * b0 + p31.w * b1 + p32.w * b2 + p33.w * b3);
  }
  let tile = k * params.tilesOfBand + packedTile(i, j, params.tiles) - packedTile(params.bandRow, params.bandRow, params.tiles);
  let corner = tile * SIDE * SIDE + lane;
  let m = i32(modulus[2u * k]);
  put(corner + (0u + (lane ^ 0u)) * SIDE, s00, m);
  put(corner + (4u + (lane ^ 0u)) * SIDE, s01, m);
  put(corner + (8u + (lane ^ 0u)) * SIDE, s02, m);
  put(corner + (12u + (lane ^ 0u)) * SIDE, s03, m);
  put(corner + (0u + (lane ^ 1u)) * SIDE, s10, m);
  put(corner + (4u + (lane ^ 1u)) * SIDE, s11, m);
  put(corner + (8u + (lane ^ 1u)) * SIDE, s12, m);
  put(corner + (12u + (lane ^ 1u)) * SIDE, s13, m);
  put(corner + (0u + (lane ^ 2u)) * SIDE, s20, m);
  put(corner + (4u + (lane ^ 2u)) * SIDE, s21, m);
  put(corner + (8u + (lane ^ 2u)) * SIDE, s22, m);
  put(corner + (12u + (lane ^ 2u)) * SIDE, s23, m);
  put(corner + (0u + (lane ^ 3u)) * SIDE, s30, m);
  put(corner + (4u + (lane ^ 3u)) * SIDE, s31, m);
  put(corner + (8u + (lane ^ 3u)) * SIDE, s32, m);
  put(corner + (12u + (lane ^ 3u)) * SIDE, s33, m);
}
