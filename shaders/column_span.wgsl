// Binary exponents of the columns of a float32 matrix, by its bit patterns: no float is touched, so nothing is flushed or rounded.
// One invocation walks down 64 rows of a column; grid = (ceil(columns / 64), ceil((endRow - firstRow) / 64), 1).
//   x       [rows, columns] bits of float32, row-major.
//   span    [columns, 2]: end + 149 where every |x| < 2^end, and 277 - begin where every x is a multiple of 2^begin; 0 where all
//           are zero. A NaN or an infinity gives NOT_FINITE for the end. Cleared before the first dispatch.
//   params  see struct.

struct Params {
  columns: u32,
  firstRow: u32,
  endRow: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> span: array<atomic<u32>>;
@group(0) @binding(2) var<uniform> params: Params;

const ROWS = 64u;
const NOT_FINITE = 1000u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  if (column >= params.columns) {
    return;
  }
  let first = params.firstRow + ROWS * id.y;
  let end = min(params.endRow, first + ROWS);
  var highest = 0u;
  var lowest = 0u;
  for (var row = first; row < end; row++) {
    let bits = x[row * params.columns + column];
    let field = (bits >> 23u) & 0xffu;
    // |x| = mantissa * 2^(exponent - 150)
    let exponent = max(field, 1u);
    let mantissa = (bits & 0x7fffffu) | select(0x800000u, 0u, field == 0u);
    if (mantissa != 0u) {
      highest = max(highest, select(exponent + 31u - countLeadingZeros(mantissa), NOT_FINITE, field == 255u));
      lowest = max(lowest, 427u - exponent - countTrailingZeros(mantissa));
    }
  }
  atomicMax(&span[2u * column], highest);
  atomicMax(&span[2u * column + 1u], lowest);
}
