/** Everything that is measured: one line each. A file is loaded where its host runs, and only there. */
import type { Host, PeerModule } from '../implementation';

export interface Peer {
  readonly name: string;
  readonly hosts: readonly Host[];
  load(): Promise<PeerModule>;
}

const both: readonly Host[] = ['node', 'browser'];

export const peers: readonly Peer[] = [
  { name: 'deadreckon-webgpu', hosts: both, load: () => import('./deadreckon-webgpu') },
  { name: 'deadreckon-wasm', hosts: both, load: () => import('./deadreckon-wasm') },
  { name: 'deadreckon-wasm-pairs', hosts: both, load: () => import('./deadreckon-wasm-pairs') },
  { name: 'deadreckon-js', hosts: both, load: () => import('./deadreckon-js') },
  { name: 'deadreckon-integers', hosts: both, load: () => import('./deadreckon-integers') },
  { name: 'deadreckon-cpu', hosts: both, load: () => import('./deadreckon-workers') },
  { name: 'deadreckon-directions', hosts: both, load: () => import('./deadreckon-directions') },
  { name: 'tfjs-webgpu', hosts: both, load: () => import('./tfjs-webgpu') },
  { name: 'tfjs-wasm', hosts: both, load: () => import('./tfjs-wasm') },
  { name: 'jax-js-webgpu', hosts: both, load: () => import('./jax-js-webgpu') },
  { name: 'jax-js-wasm', hosts: both, load: () => import('./jax-js-wasm') },
  { name: 'onnxruntime-webgpu', hosts: ['browser'], load: () => import('./onnxruntime-webgpu') },
  { name: 'onnxruntime-wasm', hosts: both, load: () => import('./onnxruntime-wasm') },
  { name: 'ml-matrix', hosts: both, load: () => import('./ml-matrix') },
  { name: 'numpy', hosts: ['node'], load: () => import('./numpy') },
  { name: 'numpy-gemm', hosts: ['node'], load: () => import('./numpy-gemm') },
  { name: 'torch-cuda', hosts: ['node'], load: () => import('./torch-cuda') },
];
