/** `cli llc` as a person runs it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LlcRecord } from '../../src/analysis/llc-record';
import { parseCommand } from '../../src/cli/arguments';
import { UsageError } from '../../src/cli/words';
import { ROOT } from '../analysis/run';

const folder = mkdtempSync(join(tmpdir(), 'deadreckon-llc-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function cli(...words: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', 'cli', '--', ...words], { cwd: ROOT });
    let [out, err] = ['', ''];
    child.stdout.on('data', (d) => (out += d));
    child.stderr.on('data', (d) => (err += d));
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

const SHORT = ['--samples', '50', '--chains', '2', '--burn-in', '40', '--draws', '100', '--step', '3e-4'];

describe('cli llc', () => {
  it('--json prints the record and nothing else', async () => {
    const file = join(folder, 'llc.json');
    const { code, out } = await cli('llc', 'public/examples/reduced-rank.npz', ...SHORT, '--gamma', '5', '--nbeta', 'auto', '--rmsprop', '--json', '--out', file);
    expect(code).toBe(0);
    const record = LlcRecord.parse(JSON.parse(out));
    expect(record.settings).toMatchObject({ chains: 2, burnIn: 40, draws: 100, step: 3e-4, gamma: 5, nbeta: 50 / Math.log(50), preconditioner: 'rmsprop' });
    expect(record.passes).toBe(2 * 141);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(out));
  });

  it('prints the value with its problems, and a curve made elsewhere beside it', async () => {
    const curve = join(folder, 'curve.csv');
    writeFileSync(curve, 'checkpoint,llc,std\nreduced-rank,30,2\n');
    const { code, out } = await cli('llc', 'public/examples/reduced-rank.npz', ...SHORT, '--compare', curve);
    expect(code).toBe(0);
    expect(out).toMatch(/^LLC \d+\.?\d* ± \d+\.?\d* · about .* independent draws · acceptance 0\.\d+ · 282 passes · \d+\.\d s$/m);
    expect(out).toMatch(/Burn in longer\./);
    expect(out).toMatch(/^reduced-rank\.npz +\d+\.?\d* ± \d+\.?\d* +30 ± 2 /m);
  });

  it('refuses a curve that is none, and a checkpoint without a model, in a sentence', async () => {
    const curve = join(folder, 'bad.csv');
    writeFileSync(curve, 'checkpoint,llc\na,b\n');
    expect(await cli('llc', 'public/examples/reduced-rank.npz', ...SHORT, '--compare', curve)).toMatchObject({ code: 1, err: expect.stringContaining('bad.csv: line 2 gives the llc "b"') });
    expect(await cli('llc', join(folder, 'bad.csv'))).toMatchObject({ code: 1 });
  });
});

describe('the words of llc', () => {
  it('have defaults', () => {
    expect(parseCommand(['llc', 'a.pt'])).toMatchObject({
      kind: 'llc',
      paths: ['a.pt'],
      llc: { chains: 4, burnIn: 500, draws: 1500, step: null, gammas: [1], nbeta: null, adjusted: false, preconditioner: 'none', batch: null },
      compare: null,
      json: false,
    });
    expect(parseCommand(['llc', 'a.pt', '--gamma', '1,10', '--step', 'auto', '--batch', '8', '--seed', '2', '--chain-seed', '5', '--activation', 'relu'])).toMatchObject({
      llc: { gammas: [1, 10], step: null, batch: 8, seed: 5 },
      request: { seed: 2, choices: { activation: 'relu' } },
    });
    expect(parseCommand(['llc', '--help'])).toBe('help');
  });

  it.each([
    [['llc'], 'needs a PATH'],
    [['llc', 'a', '--chains', 'x'], "--chains takes a number, not 'x'"],
    [['llc', 'a', '--chains', '0'], '--chains'],
    [['llc', 'a', '--burn-in', '1.5'], '--burn-in'],
    [['llc', 'a', '--chain-seed', '-1'], '--chain-seed'],
    [['llc', 'a', '--seed', '-1'], '--seed'],
    [['llc', 'a', '--step', '-1'], '--step'],
    [['llc', 'a', '--gamma', '1,'], "--gamma takes a number, not ''"],
    [['llc', 'a', '--loss', 'hinge'], '--loss is mse or ce'],
    [['llc', 'a', '--full'], '--full'],
  ])('%j are not understood', (words, sentence) => {
    expect(() => parseCommand(words)).toThrow(UsageError);
    expect(() => parseCommand(words)).toThrow(sentence);
  });
});
