/** `node --import ./src/cli/register.mjs`: lets Node import `file?raw` as a string, as Vite does (shaders). */
import { register } from 'node:module';

register('./raw-text.mjs', import.meta.url);
