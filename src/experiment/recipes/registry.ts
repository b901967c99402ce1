import type { Experiment } from '../experiment';
import { bridge } from './bridge';
import { cells } from './cells';
import { layernorm } from './layernorm';

export const EXPERIMENTS: readonly Experiment[] = [cells, bridge, layernorm];
