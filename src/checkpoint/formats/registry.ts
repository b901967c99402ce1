/** Every readable format, in the order in which they are tried. */
import type { FileFormat } from '../format';
import { npy } from './npy';
import { npz } from './npz';
import { png } from './png';
import { pytorch } from './pytorch';
import { pytorchLegacy } from './pytorch-legacy';
import { safetensors } from './safetensors';

export const FORMATS: readonly FileFormat[] = [safetensors, npy, png, pytorch, npz, pytorchLegacy];
