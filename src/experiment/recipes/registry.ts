import type { Experiment } from '../experiment';
import { cells } from './cells';
import { llcNormalCrossing } from './llc-normal-crossing';
import { rrr } from './rrr';

export const EXPERIMENTS: readonly Experiment[] = [cells, llcNormalCrossing, rrr];
