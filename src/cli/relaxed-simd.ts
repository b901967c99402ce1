/** Importing this lets WebAssembly have relaxed SIMD in Node 20, whose V8 keeps it behind a flag; for the whole process, threads too. */
import { setFlagsFromString } from 'node:v8';

if (process.versions.node.startsWith('20.')) setFlagsFromString('--experimental-wasm-relaxed-simd');
