// requires: lib/reduce.wgsl
// y = A x: one workgroup per row, summed by a fixed tree. Shared by Lanczos and power iteration; with A = V it gives V w, the
// coefficients of w along the stored vectors. grid = (min(rows, 65535), ceil(rows / 65535), 1).
//   a       [rows, columns] float32, row-major (further rows in the buffer are not read).
//   x       [columns] float32, from element `xOffset`.
//   y       [rows] float32, from element `yOffset`.
//   params  see struct; y is multiplied by `scale`.

struct Params {
  rows: u32,
  columns: u32,
  xOffset: u32,
  yOffset: u32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x + group.y * groups.x;
  var sum = 0.0;
  if (row < params.rows) {
    for (var c = lane; c < params.columns; c += 64u) {
      sum += a[row * params.columns + c] * x[params.xOffset + c];
    }
  }
  let total = workgroupSum(lane, sum);
  if (lane == 0u && row < params.rows) {
    y[params.yOffset + row] = params.scale * total;
  }
}
