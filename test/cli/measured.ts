/** The command line in a child process, with the memory that it held at most. */
import { spawn } from 'node:child_process';
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
  const imports = ['tsx', './src/cli/register.mjs', `./${join('test', 'cli', 'peak-memory.mjs')}`].flatMap((file) => ['--import', file]);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...imports, 'src/cli/main.ts', ...words], { cwd: ROOT });
    let out = '';
    let err = '';
    child.stdout.on('data', (d) => (out += d));
    child.stderr.on('data', (d) => (err += d));
    child.on('close', (code) => resolve({ code, out, err, peak: Number(/^peak (\d+) MiB$/m.exec(err)?.[1] ?? NaN) }));
  });
}
