/**
 * Rates of one dead direction of a deep linear network y = W_L ... W_1 x at the hidden layer l = 1 .. L - 1 (its output, and the gradient at it):
 * exponents of the eigenvalue that the direction leaves in the Gram. log det+ of r dead directions has r times the slope, the smallest
 * eigenvalue this one whatever r is (paper A, 2606.21158; science.md, objects).
 */
export type BridgeSide = 'activation' | 'gradient';

/** Factors that the direction passes through on the way to the tap: l below it, L - l above. */
const passed = (depth: number, layer: number, side: BridgeSide) => (side === 'activation' ? layer : depth - layer);

/** Along W(t) = W* + t D, every factor dead at once: the eigenvalue goes as t^(2 l), or t^(2 (L - l)) where the residual keeps label noise. */
export function pathRate(depth: number, layer: number, side: BridgeSide): number {
  return 2 * passed(depth, layer, side);
}

/**
 * Under gradient flow from a balanced start, against time: a' = -c a^(2L-1) gives a ~ time^(-1/(2L-2)) in each of L factors, so the
 * eigenvalue goes as time^(-l/(L-1)), or time^(-(L-l)/(L-1)).
 */
export function flowRate(depth: number, layer: number, side: BridgeSide): number {
  // Adding 0 makes no difference but to the sign of zero.
  return -passed(depth, layer, side) / (depth - 1) + 0;
}
