/** How long steps are: short at first, and longer with time. */
import type { Bridge } from './setting';

/**
 * First step over 1/c, c = depth * the largest eigenvalue of S, about the largest curvature; and growth with time. A step of size h moves
 * W_{l+1}^T W_{l+1} - W_l W_l^T, which the flow conserves, by a multiple of h^2, most of it in the first transient; and an unbalanced chain dies
 * exponentially once its dead singular values squared are smaller than that. For SGD this is a warm-up of the learning rate.
 */
const FIRST = 0.02;
const GROWTH = 0.01;

export function curvature({ depth, steepest }: Bridge): number {
  return depth * steepest;
}

/** Never more than `most`. */
export function pace(time: number, bridge: Bridge, most: number): number {
  return Math.min(most, FIRST / curvature(bridge) + GROWTH * time);
}
