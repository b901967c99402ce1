import type { Experiment } from '../experiment';
import { bridge } from './bridge';
import { cells } from './cells';
import { layernorm } from './layernorm';
import { modularAddition } from './modular-addition';

/** In the order of the page. */
export const EXPERIMENTS: readonly Experiment[] = [bridge, modularAddition, cells, layernorm];
