/** Imported first: zod then never makes code from strings, which the content policy of the page forbids. */
import { config } from 'zod';

config({ jitless: true });
