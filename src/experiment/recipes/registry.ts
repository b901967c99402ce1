import type { Experiment } from '../experiment';
import { cells } from './cells';

export const EXPERIMENTS: readonly Experiment[] = [cells];
