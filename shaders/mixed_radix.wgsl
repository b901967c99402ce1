// requires: lib/remainder.wgsl
// From remainders to binary integers: Garner's mixed-radix digits (in place), then the words of the integer by Horner's rule, both in
// whole numbers. Integers lie in the lowest or the highest quarter of the range of the moduli, and the highest are negative.
// One invocation per entry; grid = (side^2 / 64, tiles of this dispatch, 1).
//   g        [moduli][entries] remainders in 0 .. m - 1; afterwards the digits.
//   modulus  [moduli, 2]: m and 1 / m; 2^10 < m < 2^11.
//   inverse  [moduli, moduli]: (k, l) is 1 / modulus l modulo modulus k, for l < k.
//   integer  [entries, words]: two's complement, least word first.
//   params   see struct.
// Reference: Knuth, The Art of Computer Programming 2, 4.3.2 (24), (25).

struct Params {
  moduli: u32,
  entries: u32,
  words: u32,
  firstTile: u32,
}

@group(0) @binding(0) var<storage, read_write> g: array<u32>;
@group(0) @binding(1) var<storage, read> modulus: array<f32>;
@group(0) @binding(2) var<storage, read> inverse: array<f32>;
@group(0) @binding(3) var<storage, read_write> integer: array<u32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = ((group.y + params.firstTile) * groups.x + group.x) * 64u + lane;
  if (at >= params.entries) {
    return;
  }
  for (var k = 1u; k < params.moduli; k++) {
    let m = modulus[2u * k];
    let overM = modulus[2u * k + 1u];
    var digit = f32(g[k * params.entries + at]);
    for (var l = 0u; l < k; l++) {
      let difference = digit - f32(g[l * params.entries + at]);
      digit = remainder(difference * inverse[k * params.moduli + l], m, overM);
    }
    g[k * params.entries + at] = u32(digit);
  }
  let last = params.moduli - 1u;
  let top = g[last * params.entries + at];
  let topModulus = u32(modulus[2u * last]);
  let negative = 2u * top >= topModulus;
  let start = at * params.words;
  for (var word = 1u; word < params.words; word++) {
    integer[start + word] = select(0u, 0xffffffffu, negative);
  }
  integer[start] = top - select(0u, topModulus, negative);
  for (var k = last; k > 0u; k--) {
    let m = u32(modulus[2u * (k - 1u)]);
    var carry = g[(k - 1u) * params.entries + at];
    for (var word = 0u; word < params.words; word++) {
      let old = integer[start + word];
      let low = (old & 0xffffu) * m + carry;
      let high = (old >> 16u) * m + (low >> 16u);
      integer[start + word] = (high << 16u) | (low & 0xffffu);
      carry = high >> 16u;
    }
  }
}
