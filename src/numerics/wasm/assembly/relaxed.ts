/**
 * The loops that may round products and sums at once: their products are exact in float64, so that it makes no difference, or they
 * promise no bits (HotLoops). Compiled with relaxed SIMD, and put in place of those of main.ts where that is understood.
 */
export { multiplyPanels as multiplyPanelsRelaxed, subtractPanels as subtractPanelsRelaxed } from './matrix-product';
