import type { PeerModule } from '../implementation';
import { gpuOf } from './gpu';
import { jaxImplementation } from './jax-js';

export const open: PeerModule['open'] = async (host) => {
  await gpuOf(host);
  return jaxImplementation('jax-js-webgpu', 'webgpu', ['f32']);
};
