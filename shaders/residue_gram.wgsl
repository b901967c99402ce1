// requires: lib/pair.wgsl, lib/triangle.wgsl
// Gram modulo several numbers, for GPUs: g = (g + sum over the pairs of rows of w^T w) modulo m, upper tiles, entries in 0 .. m - 1.
// Remainders are within +-1023, so 16 products add up below 2^24 and float32 holds every partial sum in any order, fused or not;
// 2048 rows stay below 2^31. One workgroup makes one tile of 64 x 64; grid = (tiles, tile rows of this dispatch, moduli of it).
//   w       [moduli, pairs, 64 tiles], pairs a multiple of 8: see residues.wgsl.
//   modulus [moduli, 2] float32: m comes first.
//   g       [moduli][tilesOfBand][64][64]: packed upper tiles from tile row `bandRow` on (lib/triangle.wgsl).
//   params  see struct.

struct Params {
  pairs: u32,
  tiles: u32,
  tilesOfBand: u32,
  bandRow: u32,
  firstTileRow: u32,
  firstModulus: u32,
}

@group(0) @binding(0) var<storage, read> w: array<f32>;
@group(0) @binding(1) var<storage, read> modulus: array<f32>;
@group(0) @binding(2) var<storage, read_write> g: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

const SIDE = 64u;
/// Pairs of rows in workgroup memory at a time.
const STEP = 8u;

var<workgroup> left: array<vec4f, 16 * 16>;
var<workgroup> right: array<vec4f, 16 * 16>;

fn words(at: u32) -> vec4f {
  return vec4f(w[at], w[at + 1u], w[at + 2u], w[at + 3u]);
}

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = group.y + params.firstTileRow;
  let j = group.x;
  if (i > j) {
    return;
  }
  let k = group.z + params.firstModulus;
  var sum0 = vec4i();
  var sum1 = vec4i();
  var sum2 = vec4i();
  var sum3 = vec4i();
  // 128 pieces of four columns of a pair of rows, two sides: one for each of the 256 invocations.
  let pair = (lane / 16u) % STEP;
  let column = 4u * (lane % 16u);
  let isLeft = lane < 128u;
  let width = SIDE * params.tiles;
  let start = (k * params.pairs + pair) * width + select(j, i, isLeft) * SIDE + column;
  for (var first = 0u; first < params.pairs; first += STEP) {
    let v = words(start + first * width);
    let at = 32u * pair + lane % 16u;
    if (isLeft) {
      left[at] = firstRow(v);
      left[at + 16u] = secondRow(v);
    } else {
      right[at] = firstRow(v);
      right[at + 16u] = secondRow(v);
    }
    workgroupBarrier();
    var part = mat4x4f();
    for (var s = 0u; s < 2u * STEP; s++) {
      let a = left[s * 16u + local.y];
      let b = right[s * 16u + local.x];
      part = mat4x4f(part[0] + a.x * b, part[1] + a.y * b, part[2] + a.z * b, part[3] + a.w * b);
    }
    sum0 += vec4i(part[0]);
    sum1 += vec4i(part[1]);
    sum2 += vec4i(part[2]);
    sum3 += vec4i(part[3]);
    workgroupBarrier();
  }
  let tile = k * params.tilesOfBand + packedTile(i, j, params.tiles) - packedTile(params.bandRow, params.bandRow, params.tiles);
  let corner = tile * SIDE * SIDE + 4u * local.y * SIDE + 4u * local.x;
  let m = i32(modulus[2u * k]);
  put(corner, sum0, m);
  put(corner + SIDE, sum1, m);
  put(corner + 2u * SIDE, sum2, m);
  put(corner + 3u * SIDE, sum3, m);
}

fn put(at: u32, sum: vec4i, m: i32) {
  for (var c = 0u; c < 4u; c++) {
    let r = i32(g[at + c]) + sum[c] % m;
    g[at + c] = u32(select(select(r, r - m, r >= m), r + m, r < 0));
  }
}
