import type { Experiment } from '../experiment';
import { bridge } from './bridge';
import { cells } from './cells';
import { layernorm } from './layernorm';
import { llcNormalCrossing } from './llc-normal-crossing';
import { modularAddition } from './modular-addition';
import { rrr } from './rrr';

/** In the order of the page. */
export const EXPERIMENTS: readonly Experiment[] = [bridge, rrr, modularAddition, cells, layernorm, llcNormalCrossing];
