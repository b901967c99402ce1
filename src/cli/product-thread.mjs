/** Entry of a thread: TypeScript is registered by hand, since flags of the process do not reach the loader of its threads. */
import { register } from 'tsx/esm/api';

register();
await import('./product-thread.ts');
