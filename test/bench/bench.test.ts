/** The benchmark as a person runs it, on the smallest problems and our own code: every task runs, is checked, and is reported. */
import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { gramOfRows } from '../../src/numerics/cpu/gram';
import { symmetricEigen } from '../../src/numerics/symmetric-eigen';
import { ROOT } from '../analysis/run';
import { HOSTS, TASKS } from './implementation';
import type { Implementation } from './implementation';
import { parseOptions } from './options';
import { measure } from './round-robin';

const Output = z.strictObject({
  device: z.string().min(1),
  rows: z.array(
    z.strictObject({
      task: z.enum(TASKS),
      size: z.string().regex(/^\d+(x\d+){0,3}$/),
      implementation: z.string().startsWith('deadreckon-'),
      milliseconds: z.number().positive(),
      host: z.enum(HOSTS),
      runs: z.int().positive(),
      fastest: z.number().positive(),
      maxError: z.number().min(0).max(1e-4),
      phases: z.record(z.string(), z.number().min(0)).optional(),
    }),
  ),
});

function bench(...words: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', '--import', './src/cli/register.mjs', 'test/bench/main.ts', ...words], { cwd: ROOT });
    let out = '';
    let err = '';
    child.stdout.on('data', (d) => (out += d));
    child.stderr.on('data', (d) => (err += d));
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

describe('npm run bench', () => {
  it('--json prints every task of our own code in both hosts, and nothing else', async () => {
    const { code, out, err } = await bench('--json', '--quick', '--implementation', 'deadreckon', '--size', '64x32,32,64x16x2,4x60x6x3');
    expect(code, err).toBe(0);
    const { rows } = Output.parse(JSON.parse(out));
    const measured = (host: string) => rows.filter((row) => row.host === host).map((row) => `${row.task} ${row.implementation}`);
    for (const host of HOSTS) {
      expect(measured(host), err).toEqual(
        expect.arrayContaining([
          'gram-f32 deadreckon-webgpu', 'gram-f64 deadreckon-wasm', 'gram-exact deadreckon-wasm', 'gram-exact deadreckon-webgpu',
          'gram-exact deadreckon-integers', 'eigenvalues deadreckon-wasm', 'eigenvalues deadreckon-js', 'eigenvectors deadreckon-wasm',
          'analysis deadreckon-wasm', 'directions deadreckon-directions',
        ]),
      );
    }
    expect(rows.filter((row) => row.task === 'analysis').every((row) => row.phases!.eigen! > 0)).toBe(true);
  });

  it('gives a wrong result no time, and says so', async () => {
    const off = (by: number): Implementation => ({
      name: `off by ${by}`,
      tasks: {
        'gram-f64': ({ x, rows, columns }) => ({
          roundoff: 2 ** -53,
          async run() {
            const { hi } = gramOfRows(x, rows, columns);
            hi[1]! += by;
            return { result: () => ({ hi }) };
          },
        }),
        eigenvectors: ({ a, n }) => ({
          roundoff: 2 ** -53,
          async run() {
            const { values, vectors } = symmetricEigen(a, n, { vectors: true });
            vectors![3]! += by;
            return { result: () => ({ values, vectors: vectors! }) };
          },
        }),
      },
    });
    const lines: string[] = [];
    const plan = { tasks: TASKS, sizes: [[40, 8], [16]], implementations: [], quick: true, longestRun: 20 };
    const rows = await measure([off(0), off(1e-9)], plan, 'node', (line) => lines.push(line));
    expect(rows.map((row) => `${row.task} ${row.size} ${row.implementation} ${row.runs}`)).toEqual(['gram-f64 40x8 off by 0 3', 'eigenvectors 16 off by 0 3']);
    expect(lines.filter((line) => /off by 1e-9 left out: its error is/.test(line))).toHaveLength(2);
  });

  it('answers a wrong option with exit code 2 and a sentence', async () => {
    const { code, out, err } = await bench('--task', 'gram');
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/'gram'.*gram-exact/);
  });

  it.each([
    ['a size of no form', ['--size', '3x4x5x6x7'], /3x4x5x6x7/],
    ['a size of no number', ['--size', '5xk'], /5xk/],
    ['no time', ['--longest', 'soon'], /soon/],
    ['an unknown option', ['--fast'], /--fast/],
  ])('refuses %s', (_, words, sentence) => expect(() => parseOptions(words)).toThrow(sentence));

  it('reads its options', () => {
    expect(parseOptions(['--node', '--json', '--task', 'gram-f32,analysis', '--size', '512,2048x512', '--implementation', 'tfjs'])).toEqual({
      hosts: ['node'],
      json: true,
      hardware: false,
      plan: { tasks: ['gram-f32', 'analysis'], sizes: [[512], [2048, 512]], implementations: ['tfjs'], quick: false, longestRun: 20 },
    });
  });
});
