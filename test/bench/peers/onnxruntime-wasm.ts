import type { PeerModule } from '../implementation';
import { filesOf } from './files';
import { ortImplementation } from './onnxruntime';

export const open: PeerModule['open'] = async (host) => {
  const ort = await import('onnxruntime-web');
  if (host === 'browser') ort.env.wasm.wasmPaths = await filesOf('onnxruntime-web/dist/', host);
  ort.env.wasm.numThreads = host === 'browser' ? navigator.hardwareConcurrency : (await import('node:os')).availableParallelism();
  return ortImplementation('onnxruntime-wasm', ort, 'wasm');
};
