/**
 * The loop for which a processor may have an instruction that sums products of bytes; within the bounds of that loop nothing that is left to
 * the machine makes a difference. Compiled with relaxed SIMD, and put in place of that of main.ts where it pays (instance.ts).
 */
export { multiplyBytes } from './bytes';
