/** tfjs on one of its backends. Its engine is global: the backend is set before every run. */
import * as tf from '@tensorflow/tfjs-core';
import type { Implementation } from '../implementation';

/** `product` is the fastest form of X^T X on that backend. */
export async function tfjsImplementation(name: string, backend: 'webgpu' | 'wasm', product: (x: tf.Tensor2D) => tf.Tensor): Promise<Implementation> {
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs has no ${backend} backend here`);
  await tf.ready();
  return {
    name,
    tasks: {
      'gram-f32': async ({ x, rows, columns }) => {
        await tf.setBackend(backend);
        const tensor = tf.tensor2d(x, [rows, columns]);
        return {
          roundoff: 2 ** -24,
          async run() {
            await tf.setBackend(backend);
            const gram = tf.tidy(() => product(tensor));
            const hi = (await gram.data()) as Float32Array;
            gram.dispose();
            return { result: () => ({ hi }) };
          },
          dispose: () => tensor.dispose(),
        };
      },
    },
  };
}
