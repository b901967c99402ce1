// requires: lib/remainder.wgsl
// From remainders to binary integers by the Chinese remainder theorem: integer = sum of c_k M / m_k - q M, where M is the product of
// the moduli, c_k = r_k (M / m_k)^-1 modulo m_k, and q = the sum of c_k / m_k without its fraction. Integers lie in the lowest or the
// highest quarter of the range of the moduli, and the highest are negative: hence q rounded to nearest, which no rounding of its
// terms, less than 2^-11 in all, can change. Everything else is whole numbers: products of c_k < 2^11 with 16 bits of M / m_k at a
// time, 31 of which fit into 32 bits with what was carried.
// One invocation makes four entries; grid = (1, blocks of 256 entries of this dispatch, 1).
//   g        [moduli][entries] remainders in 0 .. m - 1.
//   modulus  [moduli, 2]: m and 1 / m; 2^10 < m < 2^11; at most 63 moduli.
//   inverse  [moduli]: of M / m_k modulo m_k.
//   weight   [moduli + 1, groups, 8]: M / m_k, and at the end -M, 16 bits at a time, least first, modulo 2^(128 groups).
//   integer  [entries, words]: two's complement, least word first.
//   params   see struct; groups = ceil(words / 4).

struct Params {
  moduli: u32,
  entries: u32,
  words: u32,
  firstBlock: u32,
}

@group(0) @binding(0) var<storage, read> g: array<vec4u>;
@group(0) @binding(1) var<storage, read> modulus: array<vec2f>;
@group(0) @binding(2) var<storage, read> inverse: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<vec4u>;
@group(0) @binding(4) var<storage, read_write> integer: array<u32>;
@group(0) @binding(5) var<uniform> params: Params;

/// Terms that are added before carrying.
const TERMS = 31u;
const LOW = vec4u(0xffffu);

fn put(at: u32, word: u32, values: vec4u) {
  if (word >= params.words) {
    return;
  }
  for (var e = 0u; e < 4u; e++) {
    integer[(4u * at + e) * params.words + word] = values[e];
  }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (group.y + params.firstBlock) * 64u + lane;
  if (4u * at >= params.entries) {
    return;
  }
  let groupsOfWords = (params.words + 3u) >> 2u;
  var carry = vec4u();
  for (var part = 0u; part < groupsOfWords; part++) {
    // Sixteen bits of the integers each, once carried.
    var sum0 = carry;
    var sum1 = vec4u();
    var sum2 = vec4u();
    var sum3 = vec4u();
    var sum4 = vec4u();
    var sum5 = vec4u();
    var sum6 = vec4u();
    var sum7 = vec4u();
    carry = vec4u();
    var quotient = vec4f();
    for (var k = 0u; k <= params.moduli; ) {
      let end = min(k + TERMS, params.moduli + 1u);
      for (; k < end; k++) {
        var factor = vec4u(quotient + 0.5);
        if (k < params.moduli) {
          let m = modulus[k];
          let c = remainder(vec4f(g[k * (params.entries >> 2u) + at]) * inverse[k], m.x, m.y);
          quotient += c * m.y;
          factor = vec4u(c);
        }
        let low = weight[2u * (k * groupsOfWords + part)];
        let high = weight[2u * (k * groupsOfWords + part) + 1u];
        sum0 += low.x * factor;
        sum1 += low.y * factor;
        sum2 += low.z * factor;
        sum3 += low.w * factor;
        sum4 += high.x * factor;
        sum5 += high.y * factor;
        sum6 += high.z * factor;
        sum7 += high.w * factor;
      }
      sum1 += sum0 >> vec4u(16u);
      sum2 += sum1 >> vec4u(16u);
      sum3 += sum2 >> vec4u(16u);
      sum4 += sum3 >> vec4u(16u);
      sum5 += sum4 >> vec4u(16u);
      sum6 += sum5 >> vec4u(16u);
      sum7 += sum6 >> vec4u(16u);
      carry += sum7 >> vec4u(16u);
      sum0 &= LOW;
      sum1 &= LOW;
      sum2 &= LOW;
      sum3 &= LOW;
      sum4 &= LOW;
      sum5 &= LOW;
      sum6 &= LOW;
      sum7 &= LOW;
    }
    put(at, 4u * part, sum0 | (sum1 << vec4u(16u)));
    put(at, 4u * part + 1u, sum2 | (sum3 << vec4u(16u)));
    put(at, 4u * part + 2u, sum4 | (sum5 << vec4u(16u)));
    put(at, 4u * part + 3u, sum6 | (sum7 << vec4u(16u)));
  }
}
