/** Lots of matrix products beside the engine, where the page may share memory. */
import { helpWith, type SharedProduct } from '../numerics/cpu/products';

self.onmessage = ({ data }: MessageEvent<SharedProduct>) => helpWith(data);
