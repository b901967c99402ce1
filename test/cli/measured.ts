/** The command line in a child process, with the memory that it held at most. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../analysis/run';

export interface Measured {
  code: number | null;
  out: string;
  err: string;
  /** Largest resident set, in MiB. */
  peak: number;
}

export function measured(...words: string[]): Promise<Measured> {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { cli: string } };
  const [, ...script] = scripts.cli.split(' ');
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', './test/cli/peak-memory.mjs', ...script, ...words], { cwd: ROOT });
    let out = '';
    let err = '';
    child.stdout.on('data', (d) => (out += d));
    child.stderr.on('data', (d) => (err += d));
    child.on('close', (code) => resolve({ code, out, err, peak: Number(/^peak (\d+) MiB$/m.exec(err)?.[1] ?? NaN) }));
  });
}
