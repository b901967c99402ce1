/** Small texts in the browser's Cache Storage, which workers have; as WebGPU itself, it is there in secure contexts only. */
import type { ProbeMemory } from '../analysis/adapter-memory';

const NAME = 'deadreckon';

/** A name below this script's address, which is never fetched. */
const address = (key: string) => new URL(`remembered/${key}`, self.location.href).href;

export const cacheMemory: ProbeMemory = {
  async read(key) {
    const found = await (await caches.open(NAME)).match(address(key));
    return found ? found.text() : null;
  },
  async write(key, value) {
    await (await caches.open(NAME)).put(address(key), new Response(value));
  },
};
