// requires: lib/remainder.wgsl
// Rows of x as integers modulo several numbers: x[r, j] = q 2^unit_j, cut towards zero where the unit is too coarse, and of q the
// remainder nearest to zero. Two rows a word, so that the matrix product loads half as often.
// One invocation makes all moduli of four columns of two rows; grid = (ceil(width / 256), pairs of this dispatch, 1).
//   x       [rows, columns] bits of float32, row-major.
//   unit    [columns] unit exponent + 150.
//   modulus [moduli, 2]: m and 1 / m, float32; 2^10 < m < 2^11.
//   w       [moduli, width / panel, pairs, panel] float32: remainder of the first row + 2048 times that of the second, a whole number
//           below 2^21; 0 beyond the last row and column.
//   params  see struct; width and panel are multiples of 4; no mantissa is shifted by more than 13 steps places.

struct Params {
  columns: u32,
  firstRow: u32,
  endRow: u32,
  width: u32,
  panel: u32,
  pairs: u32,
  firstPair: u32,
  moduli: u32,
  steps: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> unit: array<u32>;
@group(0) @binding(2) var<storage, read> modulus: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> w: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

/// Entries as signs, mantissas and exponents over the unit: q = sign * mantissa * 2^shift.
struct Entries {
  sign: vec4f,
  mantissa: vec4f,
  shift: vec4i,
}

fn entries(row: u32, column: u32, units: vec4u) -> Entries {
  let at = row * params.columns + column;
  // What is read beyond the end of a row is not used.
  let bits = vec4u(x[at], x[at + 1u], x[at + 2u], x[at + 3u]);
  let inside = (vec4u(column) + vec4u(0u, 1u, 2u, 3u) < vec4u(params.columns)) & vec4<bool>(row < params.endRow);
  let field = (bits >> vec4u(23u)) & vec4u(0xffu);
  let exponent = max(field, vec4u(1u));
  let mantissa = (bits & vec4u(0x7fffffu)) | select(vec4u(0x800000u), vec4u(), field == vec4u());
  let shift = vec4i(exponent) - vec4i(units);
  let cut = vec4f(mantissa >> min(vec4u(max(-shift, vec4i())), vec4u(31u)));
  let sign = select(vec4f(1.0), vec4f(-1.0), (bits >> vec4u(31u)) == vec4u(1u));
  return Entries(sign, select(vec4f(), cut, inside), max(shift, vec4i()));
}

/// A remainder is below 2^11, and thirteen binary places more are below 2^24.
fn residue(e: Entries, m: f32, inverse: f32) -> vec4f {
  var r = remainder(e.mantissa, m, inverse);
  for (var step = 0u; step < params.steps; step++) {
    let places = clamp(e.shift - vec4i(13 * i32(step)), vec4i(), vec4i(13));
    r = remainder(r * bitcast<vec4f>((places + 127) << vec4u(23u)), m, inverse);
  }
  return e.sign * (r - select(vec4f(), vec4f(m), 2.0 * r > vec4f(m)));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = 4u * id.x;
  let pair = id.y + params.firstPair;
  if (column >= params.width) {
    return;
  }
  let units = vec4u(unit[column], unit[column + 1u], unit[column + 2u], unit[column + 3u]);
  let first = entries(params.firstRow + 2u * pair, column, units);
  let second = entries(params.firstRow + 2u * pair + 1u, column, units);
  let start = ((column / params.panel) * params.pairs + pair) * params.panel + column % params.panel;
  for (var k = 0u; k < params.moduli; k++) {
    let m = modulus[k];
    w[(k * params.width * params.pairs + start) >> 2u] = residue(first, m.x, m.y) + 2048.0 * residue(second, m.x, m.y);
  }
}
