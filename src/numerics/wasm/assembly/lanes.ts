/** Small words for lanes and addresses. */

// @ts-ignore: decorator
@inline
export function at(base: usize, index: i32): usize {
  return base + (<usize>index << 3);
}

/** x y + sum: rounded twice in main.ts, in relaxed.ts once where the processor has an instruction for it. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(x: v128, y: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(x, y, sum);
  return f64x2.add(sum, f64x2.mul(x, y));
}

/** The sum of both lanes. */
// @ts-ignore: decorator
@inline
export function sumOf(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1);
}

/** x plus a number in its first lane. */
// @ts-ignore: decorator
@inline
export function addFirst(x: v128, value: f64): v128 {
  return f64x2.replace_lane(x, 0, f64x2.extract_lane(x, 0) + value);
}

/** The error of s = a + b. */
// @ts-ignore: decorator
@inline
export function sumError(a: v128, b: v128, s: v128): v128 {
  const t = f64x2.sub(s, a);
  return f64x2.add(f64x2.sub(a, f64x2.sub(s, t)), f64x2.sub(b, t));
}
