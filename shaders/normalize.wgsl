// requires: lib/reduce.wgsl
// Stores w / |w| as vector `row` of v and |w| in norm[normAt]. One workgroup, so the norm is one fixed tree sum. grid = (1, 1, 1).
// The norm is taken of w / max|w|: no square leaves the range of float32. A zero w is stored as zeros with norm 0.
//   w       [dimension] float32.
//   v       [>= row + 1, dimension] float32, row-major.
//   norm    [> normAt] float32.
//   params  see struct.

struct Params {
  dimension: u32,
  row: u32,
  normAt: u32,
}

@group(0) @binding(0) var<storage, read> w: array<f32>;
@group(0) @binding(1) var<storage, read_write> v: array<f32>;
@group(0) @binding(2) var<storage, read_write> norm: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var largest = 0.0;
  for (var i = lane; i < params.dimension; i += 64u) {
    largest = max(largest, abs(w[i]));
  }
  largest = workgroupMax(lane, largest);
  // Zero stays zero, and nothing is divided by it.
  let unit = select(largest, 1.0, largest == 0.0);
  var sum = 0.0;
  for (var i = lane; i < params.dimension; i += 64u) {
    let x = w[i] / unit;
    sum += x * x;
  }
  let length = sqrt(workgroupSum(lane, sum));
  let divisor = select(length, 1.0, length == 0.0);
  for (var i = lane; i < params.dimension; i += 64u) {
    v[params.row * params.dimension + i] = w[i] / unit / divisor;
  }
  if (lane == 0u) {
    norm[params.normAt] = length * unit;
  }
}
