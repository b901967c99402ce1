import * as tf from '@tensorflow/tfjs-core';
import type { PeerModule } from '../implementation';
import { gpuOf } from './gpu';
import { tfjsImplementation } from './tfjs';

export const open: PeerModule['open'] = async (host) => {
  await gpuOf(host);
  // It registers itself where it finds WebGPU at the time of its import.
  await import('@tensorflow/tfjs-backend-webgpu');
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  return tfjsImplementation('tfjs-webgpu', 'webgpu', (x) => tf.matMul(x, x, true, false));
};
