import { webAssembly } from '../../../src/numerics/wasm/instance';
import type { PeerModule } from '../implementation';
import { cpuImplementation } from './deadreckon-cpu';

export const open: PeerModule['open'] = async () => {
  const engine = webAssembly();
  if (!engine) throw new Error('there is no WebAssembly with SIMD here');
  return cpuImplementation('deadreckon-wasm', engine);
};
