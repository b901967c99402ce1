/** Lots of matrix products in a thread of Node, beside the thread that asks for them. */
import { parentPort } from 'node:worker_threads';
import { helpWith } from '../numerics/cpu/products';

parentPort!.on('message', helpWith);
