/** The solver that runs where it is called: in Node, in tests, and inside a solver worker. */
import { eigenvalueSteps } from './solve';
import { runBreathing } from './stepwise';
import type { Solver } from './types';

/** Lets events through and stops with AbortError. */
export const inlineSolver: Solver = {
  eigenvalues: (gram, options = {}) => runBreathing(eigenvalueSteps(gram, options.residuals), options.signal),
};
