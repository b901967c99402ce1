import { free, type ReadingKind } from '../types';

/** Largest eigenvalue of the Gram. */
export const lambdaMax: ReadingKind = {
  name: 'lambdaMax',
  read: (s) => free(s.eigenvalues[0] ?? null),
};
