import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);

it('Node imports the text of a shader with ?raw, as Vite does', async () => {
  const script = "import text from './shaders/gram.wgsl?raw'; process.stdout.write(text);";
  const flags = ['--import', 'tsx', '--import', './src/cli/register.mjs', '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: root });
  expect(stdout).toBe(await readFile(new URL('shaders/gram.wgsl', root), 'utf8'));
});

it('and our modules find their shaders through it', async () => {
  const script = "const { shaders } = await import('./src/gpu/shaders.ts'); process.stdout.write(Object.keys(shaders).join());";
  const flags = ['--import', 'tsx', '--import', './src/cli/register.mjs', '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: root });
  expect(stdout.split(',')).toContain('gramQuad');
});
