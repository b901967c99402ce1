/** The architectures that can be run, in the order in which they are tried. */
import { gpt2 } from './gpt2';
import { gptNeox } from './gpt-neox';
import { llama } from './llama';
import { mlp } from './mlp';
import { transformerLens } from './transformer-lens';
import type { Architecture } from '../types';

export const ARCHITECTURES: readonly Architecture[] = [transformerLens, gpt2, gptNeox, llama, mlp];
