/** onnxruntime-web with one of its execution providers. */
import type * as Ort from 'onnxruntime-web';
import type { Implementation } from '../implementation';
import { gemmModel } from './gemm-model';

export function ortImplementation(name: string, ort: typeof Ort, provider: 'wasm' | 'webgpu'): Implementation {
  return {
    name,
    tasks: {
      'gram-f32': async ({ x: values, rows, columns }) => {
        const session = await ort.InferenceSession.create(gemmModel(rows, columns), { executionProviders: [provider], logSeverityLevel: 3 });
        const x = new ort.Tensor('float32', values, [rows, columns]);
        return {
          roundoff: 2 ** -24,
          async run() {
            const { g } = await session.run({ x });
            const hi = (await g!.getData()) as Float32Array;
            return { result: () => ({ hi }) };
          },
          dispose: () => void session.release(),
        };
      },
    },
  };
}
