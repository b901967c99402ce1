/** The architectures that can be run, in the order in which they are tried. */
import { bert } from './bert';
import { convStack } from './conv-stack';
import { gpt2 } from './gpt2';
import { gptNeox } from './gpt-neox';
import { llama } from './llama';
import { mlp } from './mlp';
import { onnx } from './onnx';
import { resnet } from './resnet';
import { timmVit } from './timm-vit';
import { torchEncoder } from './torch-encoder';
import { transformerLens } from './transformer-lens';
import { vit } from './vit';
import type { Architecture } from '../types';

export const ARCHITECTURES: readonly Architecture[] = [transformerLens, gpt2, gptNeox, llama, bert, vit, timmVit, torchEncoder, resnet, convStack, mlp, onnx];
