import type { PeerModule } from '../implementation';
import { filesOf } from './files';
import { gpuOf } from './gpu';
import { ortImplementation } from './onnxruntime';

export const open: PeerModule['open'] = async (host) => {
  await gpuOf(host);
  const ort = await import('onnxruntime-web/webgpu');
  ort.env.wasm.wasmPaths = await filesOf('onnxruntime-web/dist/', host);
  return ortImplementation('onnxruntime-webgpu', ort, 'webgpu');
};
