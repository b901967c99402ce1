// x modulo m for whole numbers 0 <= x < 2^24 and 2^10 < m < 2^11; inverse is 1 / m in float32. The estimate of the quotient is wrong by
// less than 2^-7, whatever the rounding, so that its floor is the quotient or one too small; every other operation is one of whole
// numbers below 2^24. The result is therefore the same whatever a compiler reassociates or fuses.
fn remainder(x: vec4f, m: f32, inverse: f32) -> vec4f {
  let r = x - floor(x * inverse - 0x1p-6) * m;
  return r - select(vec4f(), vec4f(m), r >= vec4f(m));
}
