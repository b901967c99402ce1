import * as tf from '@tensorflow/tfjs-core';
import type { PeerModule } from '../implementation';
import { filesOf } from './files';
import { tfjsImplementation } from './tfjs';

export const open: PeerModule['open'] = async (host) => {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(await filesOf('@tensorflow/tfjs-backend-wasm/dist/', host));
  // `transposeA` runs a slow loop there; a transpose and a plain product are ten times as fast.
  return tfjsImplementation('tfjs-wasm', 'wasm', (x) => tf.matMul(tf.transpose(x), x));
};
