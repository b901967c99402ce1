import type { PeerModule } from '../implementation';
import { jaxImplementation } from './jax-js';

export const open: PeerModule['open'] = () => jaxImplementation('jax-js-wasm', 'wasm', ['f32', 'f64']);
