/** Every readable format, in the order in which they are tried. */
import type { FileFormat } from '../format';
import { kerasH5 } from './keras-h5';
import { kerasZip } from './keras-zip';
import { npy } from './npy';
import { npz } from './npz';
import { onnx } from './onnx';
import { png } from './png';
import { pytorch } from './pytorch';
import { pytorchLegacy } from './pytorch-legacy';
import { safetensors } from './safetensors';
import { tfjsLayers } from './tfjs-layers';

export const FORMATS: readonly FileFormat[] = [safetensors, npy, png, pytorch, npz, pytorchLegacy, kerasH5, kerasZip, tfjsLayers, onnx];
