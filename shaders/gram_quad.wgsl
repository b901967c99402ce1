enable subgroups;
// requires: lib/triangle.wgsl, lib/quad.wgsl
// Gram of a block of rows, for software adapters: g = sum of x_r^T x_r over firstRow <= r < endRow, in float32, upper tiles of 16 x 16.
// One quad of invocations makes one tile; grid = (tiles, tile rows of this dispatch, 1).
//   x       texture of panels (panels.wgsl), read through `nearest`: texel (4 r + q, p) is columns 16 p + 4 q .. + 3 of row
//           textureRow + r.
//   g       [tiles (tiles + 1) / 2][16][4] of four columns each: packed upper tiles (lib/triangle.wgsl).
//   params  see struct; firstRow - textureRow and textureRows are multiples of 4.
// A lane has four columns of either side of the tile; in turn t it multiplies its right ones with the left ones of lane ^ t. An entry
// sees (endRow - firstRow) / 4 + 4 roundings.
// Measured on SwiftShader, whose code this is written for: a load from a buffer is a gather of about 85 instructions a number, while
// a sample of a texture is 210 for four numbers in four lanes, most of them in one routine of the driver; a `var` costs 12 a turn of
// the loop; temporaries stay in registers where an entry is finished before the next one begins (dot products, not sums of vectors);
// and a loop of more than a core's 32 KiB for code runs at half the speed: hence four rows a turn, and no larger tile.

struct Params {
  firstRow: u32,
  endRow: u32,
  tiles: u32,
  firstTileRow: u32,
  textureRow: u32,
  textureRows: u32,
}

@group(0) @binding(0) var x: texture_2d<f32>;
@group(0) @binding(1) var nearest: sampler;
@group(0) @binding(2) var<storage, read_write> g: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = group.y + params.firstTileRow;
  let j = group.x;
  if (i > j) {
    return;
  }
  // Centres of texels.
  let step = 1.0 / f32(params.textureRows);
  let start = 0.25 * step * (f32(lane) + 0.5);
  let left = (f32(i) + 0.5) / f32(params.tiles);
  let right = (f32(j) + 0.5) / f32(params.tiles);
  var m0: mat4x4f;
  var m1: mat4x4f;
  var m2: mat4x4f;
  var m3: mat4x4f;
  for (var r = params.firstRow; r < params.endRow; r += 4u) {
    let at = start + f32(r - params.textureRow) * step;
    let a = transpose(fourRows(at, left, step));
    let b = transpose(fourRows(at, right, step));
    m0 = plus(m0, a, b);
    m1 = plus(m1, swapX(a), b);
    m2 = plus(m2, swapY(a), b);
    m3 = plus(m3, swapDiagonal(a), b);
  }
  let tile = 64u * packedTile(i, j, params.tiles) + lane;
  put(tile + 16u * lane, m0);
  put(tile + 16u * (lane ^ 1u), m1);
  put(tile + 16u * (lane ^ 2u), m2);
  put(tile + 16u * (lane ^ 3u), m3);
}

fn fourRows(at: f32, panel: f32, step: f32) -> mat4x4f {
  return mat4x4f(
    textureSampleLevel(x, nearest, vec2f(at, panel), 0.0),
    textureSampleLevel(x, nearest, vec2f(at + step, panel), 0.0),
    textureSampleLevel(x, nearest, vec2f(at + 2.0 * step, panel), 0.0),
    textureSampleLevel(x, nearest, vec2f(at + 3.0 * step, panel), 0.0),
  );
}

/// m + a^T b, the columns of a and b having four rows of x each.
fn plus(m: mat4x4f, a: mat4x4f, b: mat4x4f) -> mat4x4f {
  return mat4x4f(plusRow(m[0], a[0], b), plusRow(m[1], a[1], b), plusRow(m[2], a[2], b), plusRow(m[3], a[3], b));
}

fn plusRow(m: vec4f, a: vec4f, b: mat4x4f) -> vec4f {
  return vec4f(m.x + dot(a, b[0]), m.y + dot(a, b[1]), m.z + dot(a, b[2]), m.w + dot(a, b[3]));
}

fn put(at: u32, m: mat4x4f) {
  g[at] = m[0];
  g[at + 4u] = m[1];
  g[at + 8u] = m[2];
  g[at + 12u] = m[3];
}
