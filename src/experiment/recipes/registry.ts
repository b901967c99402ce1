import type { Experiment } from '../experiment';
import { bridge } from './bridge';
import { cells } from './cells';

export const EXPERIMENTS: readonly Experiment[] = [cells, bridge];
