/** The architectures that can be run, in the order in which they are tried. */
import { mlp } from './mlp';
import { transformerLens } from './transformer-lens';
import type { Architecture } from '../types';

export const ARCHITECTURES: readonly Architecture[] = [transformerLens, mlp];
