// y = beta y + scale A^T x over rows firstRow <= r < endRow: one invocation per column, rows in order. With A = V, scale = -1 and
// beta = 1 it takes the stored vectors out of w (reorthogonalisation, deflation). grid = (ceil(columns / 64), 1, 1).
//   a       [rows, columns] float32, row-major.
//   x       [rows] float32, from element `xOffset`.
//   y       [columns] float32, from its start.
//   params  see struct; beta = 0 does not read y.

struct Params {
  columns: u32,
  firstRow: u32,
  endRow: u32,
  xOffset: u32,
  scale: f32,
  beta: f32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  if (column >= params.columns) {
    return;
  }
  var sum = 0.0;
  for (var r = params.firstRow; r < params.endRow; r++) {
    sum += a[r * params.columns + column] * x[params.xOffset + r];
  }
  var old = 0.0;
  if (params.beta != 0.0) {
    old = params.beta * y[column];
  }
  y[column] = old + params.scale * sum;
}
