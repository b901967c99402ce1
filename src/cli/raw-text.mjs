/** Node module hooks for `import text from './file?raw'`. Node 20 and newer; run in the thread of module hooks. */
import { readFile } from 'node:fs/promises';

const raw = /\?raw$/;

export async function resolve(specifier, context, next) {
  if (!raw.test(specifier)) return next(specifier, context);
  return { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true };
}

export async function load(url, context, next) {
  if (!raw.test(url)) return next(url, context);
  const text = await readFile(new URL(url.replace(raw, '')), 'utf8');
  return { format: 'module', source: `export default ${JSON.stringify(text)};`, shortCircuit: true };
}
