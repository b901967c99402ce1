// Four rows that a quad of invocations holds in common, four columns a lane: the columns of the next lane, of the lane after it, and
// of the one across. Constant permutations: a software adapter makes each one instruction, where a load takes tens.
fn swapX(m: mat4x4f) -> mat4x4f {
  return mat4x4f(quadSwapX(m[0]), quadSwapX(m[1]), quadSwapX(m[2]), quadSwapX(m[3]));
}

fn swapY(m: mat4x4f) -> mat4x4f {
  return mat4x4f(quadSwapY(m[0]), quadSwapY(m[1]), quadSwapY(m[2]), quadSwapY(m[3]));
}

fn swapDiagonal(m: mat4x4f) -> mat4x4f {
  return mat4x4f(quadSwapDiagonal(m[0]), quadSwapDiagonal(m[1]), quadSwapDiagonal(m[2]), quadSwapDiagonal(m[3]));
}
