import type { Experiment } from '../experiment';
import { cells } from './cells';
import { llcNormalCrossing } from './llc-normal-crossing';

export const EXPERIMENTS: readonly Experiment[] = [cells, llcNormalCrossing];
