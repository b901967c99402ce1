/** The architectures that can be run, in the order in which they are tried. */
import { bert } from './bert';
import { gpt2 } from './gpt2';
import { gptNeox } from './gpt-neox';
import { llama } from './llama';
import { mlp } from './mlp';
import { timmVit } from './timm-vit';
import { torchEncoder } from './torch-encoder';
import { torchvisionVit } from './torchvision-vit';
import { transformerLens } from './transformer-lens';
import { vit } from './vit';
import type { Architecture } from '../types';

export const ARCHITECTURES: readonly Architecture[] = [transformerLens, gpt2, gptNeox, llama, bert, vit, timmVit, torchvisionVit, torchEncoder, mlp];
