// y = x^T, bit for bit: no float is touched.
// One invocation per entry, along the rows of y; grid = (ceil(rows / 64), columns of this dispatch, 1).
//   x       [rows, columns] 32-bit, row-major.
//   y       [columns, rows].
//   params  see struct.

struct Params {
  rows: u32,
  columns: u32,
  firstColumn: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x;
  let column = id.y + params.firstColumn;
  if (row < params.rows) {
    y[column * params.rows + row] = x[row * params.columns + column];
  }
}
