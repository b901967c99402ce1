import type { Experiment } from '../experiment';
import { cells } from './cells';
import { modularAddition } from './modular-addition';

export const EXPERIMENTS: readonly Experiment[] = [cells, modularAddition];
