// requires: lib/remainder.wgsl
// Rows of x as integers modulo several numbers: x[r, j] = q 2^unit_j, cut towards zero where the unit is too coarse, and of q the
// remainder nearest to zero. Two rows a word, so that the matrix product loads half as often.
// One invocation makes all moduli of two entries; grid = (ceil(width / 64), pairs of this dispatch, 1).
//   x       [rows, columns] bits of float32, row-major.
//   unit    [columns] unit exponent + 150.
//   modulus [moduli, 2]: m and 1 / m, float32; 2^10 < m < 2^11.
//   power   [moduli, powers]: 2^s modulo m for s < powers.
//   w       [moduli, width / panel, pairs, panel] float32: remainder of the first row + 2048 times that of the second, a whole number
//           below 2^21; 0 beyond the last row and column.
//   params  see struct.

struct Params {
  columns: u32,
  firstRow: u32,
  endRow: u32,
  width: u32,
  panel: u32,
  pairs: u32,
  firstPair: u32,
  moduli: u32,
  powers: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> unit: array<u32>;
@group(0) @binding(2) var<storage, read> modulus: array<f32>;
@group(0) @binding(3) var<storage, read> power: array<f32>;
@group(0) @binding(4) var<storage, read_write> w: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

/// An entry as sign, mantissa and exponent over the unit: q = sign * mantissa * 2^shift.
struct Entry {
  sign: f32,
  mantissa: f32,
  shift: u32,
}

fn entry(row: u32, column: u32) -> Entry {
  if (row >= params.endRow || column >= params.columns) {
    return Entry(1.0, 0.0, 0u);
  }
  let bits = x[row * params.columns + column];
  let field = (bits >> 23u) & 0xffu;
  let exponent = max(field, 1u);
  let mantissa = (bits & 0x7fffffu) | select(0x800000u, 0u, field == 0u);
  let shift = i32(exponent) - i32(unit[column]);
  let cut = select(mantissa >> min(u32(-shift), 31u), mantissa, shift >= 0);
  return Entry(select(1.0, -1.0, (bits >> 31u) == 1u), f32(cut), u32(max(shift, 0)));
}

fn residue(e: Entry, k: u32, m: f32, inverse: f32) -> f32 {
  let r = remainder(remainder(e.mantissa, m, inverse) * power[k * params.powers + e.shift], m, inverse);
  return e.sign * (r - select(0.0, m, 2.0 * r > m));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  let pair = id.y + params.firstPair;
  if (column >= params.width) {
    return;
  }
  let first = entry(params.firstRow + 2u * pair, column);
  let second = entry(params.firstRow + 2u * pair + 1u, column);
  for (var k = 0u; k < params.moduli; k++) {
    let m = modulus[2u * k];
    let inverse = modulus[2u * k + 1u];
    let words = (k * params.width / params.panel + column / params.panel) * params.pairs + pair;
    w[words * params.panel + column % params.panel] = residue(first, k, m, inverse) + 2048.0 * residue(second, k, m, inverse);
  }
}
