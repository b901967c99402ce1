// Gram of per-sample parameter gradients of one dense layer, fused: k_ij += sum over firstPosition <= t < endPosition and all s of
// (a_it . a_js)(delta_it . delta_js), for i <= j. No gradient and no product beyond one tile of 32 x 32 positions is ever held.
// A workgroup makes `perTile` x `perTile` samples (perTile = max(1, 32 / positions)); grid = (tiles, tile rows of this dispatch, 1).
//   a       [samples * positions, p] float32, row-major.
//   delta   [samples * positions, q] float32, row-major.
//   k       [samples, samples] float32, upper triangle; the dispatches of one matrix add to it in the order of `firstPosition`.
//   params  see struct.
// Reference: the expansion of <g_i, g_j> with g_i = sum_t a_it delta_it^T (per-example gradient inner products, "ghost" form).

struct Params {
  samples: u32,
  positions: u32,
  p: u32,
  q: u32,
  perTile: u32,
  firstTileRow: u32,
  firstPosition: u32,
  endPosition: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> delta: array<f32>;
@group(0) @binding(2) var<storage, read_write> k: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

/// Side of a tile of (sample, position) pairs: 8 x 8 invocations with 4 x 4 products each.
const SIDE = 32u;

/// Products of the tile, then their sums over s for each (row, column sample).
var<workgroup> products: array<f32, SIDE * SIDE>;
var<workgroup> rowSums: array<f32, SIDE * SIDE>;

/// [4 rows] x [4 rows] inner products of `a`; a row index is clamped by the caller, so all of them are real rows.
fn innerA(r: vec4u, s: vec4u) -> mat4x4f {
  var sum = mat4x4f();
  let u = r * params.p;
  let v = s * params.p;
  for (var f = 0u; f < params.p; f++) {
    let x = vec4f(a[u.x + f], a[u.y + f], a[u.z + f], a[u.w + f]);
    let y = vec4f(a[v.x + f], a[v.y + f], a[v.z + f], a[v.w + f]);
    sum = mat4x4f(sum[0] + x.x * y, sum[1] + x.y * y, sum[2] + x.z * y, sum[3] + x.w * y);
  }
  return sum;
}

/// The same of `delta`.
fn innerDelta(r: vec4u, s: vec4u) -> mat4x4f {
  var sum = mat4x4f();
  let u = r * params.q;
  let v = s * params.q;
  for (var f = 0u; f < params.q; f++) {
    let x = vec4f(delta[u.x + f], delta[u.y + f], delta[u.z + f], delta[u.w + f]);
    let y = vec4f(delta[v.x + f], delta[v.y + f], delta[v.z + f], delta[v.w + f]);
    sum = mat4x4f(sum[0] + x.x * y, sum[1] + x.y * y, sum[2] + x.z * y, sum[3] + x.w * y);
  }
  return sum;
}

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tileRow = group.y + params.firstTileRow;
  if (tileRow > group.x) {
    return;
  }
  let positions = params.positions;
  let per = params.perTile;
  let i0 = tileRow * per;
  let j0 = group.x * per;
  let last = params.samples * positions - 1u;
  let lanes = vec4u(0u, 1u, 2u, 3u);
  // per = 1: the tile walks over chunks of 32 positions on both sides. per > 1: all positions of `per` samples fit at once.
  let width = min(SIDE, positions);
  for (var t = params.firstPosition; t < params.endPosition; t += width) {
    for (var s = 0u; s < positions; s += width) {
      let rows = min(i0 * positions + t + 4u * local.y + lanes, vec4u(last));
      let columns = min(j0 * positions + s + 4u * local.x + lanes, vec4u(last));
      let x = innerA(rows, columns);
      let y = innerDelta(rows, columns);
      for (var r = 0u; r < 4u; r++) {
        let product = x[r] * y[r];
        let at = (4u * local.y + r) * SIDE + 4u * local.x;
        products[at] = product.x;
        products[at + 1u] = product.y;
        products[at + 2u] = product.z;
        products[at + 3u] = product.w;
      }
      workgroupBarrier();
      let columnsLeft = min(width, positions - s);
      for (var e = lane; e < SIDE * per; e += 64u) {
        let start = (e / per) * SIDE + (e % per) * positions;
        var rowSum = 0.0;
        for (var c = 0u; c < columnsLeft; c++) {
          rowSum += products[start + c];
        }
        rowSums[e] = rowSum;
      }
      workgroupBarrier();
      let rowsLeft = min(width, params.endPosition - t);
      for (var e = lane; e < per * per; e += 64u) {
        var total = 0.0;
        let first = (e / per) * positions;
        for (var r = 0u; r < rowsLeft; r++) {
          total += rowSums[(first + r) * per + e % per];
        }
        add(i0 + e / per, j0 + e % per, total);
      }
      workgroupBarrier();
    }
  }
}

fn add(i: u32, j: u32, value: f32) {
  if (i < params.samples && j < params.samples && i <= j) {
    let at = i * params.samples + j;
    k[at] = k[at] + value;
  }
}
