/** Where the files of an installed package are: a folder in Node, an address of the bench's server in the browser; ends with '/'. */
import type { Host } from '../implementation';

export async function filesOf(folder: string, host: Host): Promise<string> {
  if (host === 'browser') return `${location.origin}/node_modules/${folder}`;
  const { resolve } = await import('node:path');
  return `${resolve(import.meta.dirname, '../../../node_modules', folder)}/`;
}
