// Rows of x as panels of 16 columns: what a texture for gram_quad.wgsl is filled with.
// One invocation makes four columns of a row; grid = (ceil(4 rows / 64), panels of this dispatch, 1).
//   x       [.., columns] float32, row-major.
//   panels  [panels, rows, 4] of four columns each: panel p holds columns 16 p .. 16 p + 15 of the rows from firstRow on; zeros where
//           x has no row below endRow or no column.
//   params  see struct.

struct Params {
  columns: u32,
  firstRow: u32,
  endRow: u32,
  rows: u32,
  firstPanel: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> panels: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= 4u * params.rows) {
    return;
  }
  let panel = id.y + params.firstPanel;
  let row = params.firstRow + (id.x >> 2u);
  let column = 16u * panel + 4u * (id.x & 3u);
  let at = row * params.columns + column;
  // What is read beyond the end of a row is not used.
  let found = vec4f(x[at], x[at + 1u], x[at + 2u], x[at + 3u]);
  let inside = (vec4u(column) + vec4u(0u, 1u, 2u, 3u) < vec4u(params.columns)) & vec4<bool>(row < params.endRow);
  panels[4u * panel * params.rows + id.x] = select(vec4f(), found, inside);
}
