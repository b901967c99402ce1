// requires: lib/triangle.wgsl
// Partial Gram of a block of rows, for GPUs: g = sum of x_r^T x_r over firstRow <= r < endRow, in float32.
// One workgroup of SIDE x SIDE invocations makes one upper-triangle tile of (4 SIDE) x (4 SIDE); every invocation holds 4 x 4 of
// it in registers, and STEP rows of x at a time pass through workgroup memory. grid = (tiles, tile rows of this dispatch, 1).
//   x       [rows, columns] float32, row-major.
//   g       [tiles (tiles + 1) / 2][4 SIDE][4 SIDE] float32: packed upper tiles (lib/triangle.wgsl); zero outside the matrix.
//   params  see struct.
// Reference: Golub & Van Loan, Matrix Computations, 1.1.18 (outer-product form), upper half only.

struct Params {
  columns: u32,
  firstRow: u32,
  endRow: u32,
  tiles: u32,
  firstTileRow: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> g: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

/// Invocations along a side of the tile.
override SIDE: u32 = 16;
/// Rows of x in workgroup memory at a time.
override STEP: u32 = 16;

var<workgroup> left: array<vec4f, SIDE * STEP>;
var<workgroup> right: array<vec4f, SIDE * STEP>;

/// x[row, column .. column + 3], zero outside the block of rows and the matrix.
fn four(row: u32, column: u32) -> vec4f {
  var v = vec4f();
  if (row < params.endRow) {
    let at = row * params.columns + column;
    for (var c = 0u; c < 4u; c++) {
      if (column + c < params.columns) {
        v[c] = x[at + c];
      }
    }
  }
  return v;
}

@compute @workgroup_size(SIDE, SIDE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = group.y + params.firstTileRow;
  let j = group.x;
  if (i > j) {
    return;
  }
  var sum = mat4x4f();
  for (var first = params.firstRow; first < params.endRow; first += STEP) {
    for (var k = lane; k < SIDE * STEP; k += SIDE * SIDE) {
      let row = first + k / SIDE;
      let column = 4u * (k % SIDE);
      left[k] = four(row, 4u * SIDE * i + column);
      right[k] = four(row, 4u * SIDE * j + column);
    }
    workgroupBarrier();
    for (var s = 0u; s < STEP; s++) {
      let a = left[s * SIDE + local.y];
      let b = right[s * SIDE + local.x];
      sum = mat4x4f(sum[0] + a.x * b, sum[1] + a.y * b, sum[2] + a.z * b, sum[3] + a.w * b);
    }
    workgroupBarrier();
  }
  let width = 4u * SIDE;
  let corner = packedTile(i, j, params.tiles) * width * width + 4u * local.y * width + 4u * local.x;
  for (var r = 0u; r < 4u; r++) {
    for (var c = 0u; c < 4u; c++) {
      g[corner + r * width + c] = sum[r][c];
    }
  }
}
