/** `cli trajectory` as a person runs it: a folder of checkpoints, a file that is gone on with, one checkpoint alone. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseCommand } from '../../src/cli/arguments';
import type { PathFit } from '../../src/analysis/slopes';
import { parseTrajectory } from '../../src/analysis/snapshot';
import { ROOT } from '../analysis/run';
import { safetensors } from '../checkpoint/writers';

const folder = mkdtempSync(join(tmpdir(), 'deadreckon-trajectory-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function cli(words: string[], onErr: (line: string, kill: () => void) => void = () => {}): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', '--import', './src/cli/register.mjs', 'src/cli/main.ts', 'trajectory', ...words], { cwd: ROOT });
    let out = '';
    let err = '';
    child.stdout.on('data', (d) => (out += d));
    child.stderr.on('data', (d) => {
      err += d;
      onErr(String(d), () => child.kill('SIGINT'));
    });
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

/** Two layers diag(1.2, 0.9, 0.8, t, 0.7 t), float64. */
function write(path: string, t: number): void {
  const diagonal = [1.2, 0.9, 0.8, t, 0.7 * t];
  const layer = Float64Array.from({ length: 25 }, (_, k) => (k % 6 === 0 ? diagonal[k / 6]! : 0));
  const tensor = (begin: number) => ({ dtype: 'F64', shape: [5, 5], data_offsets: [begin, begin + 200] });
  const data = new Uint8Array(400);
  data.set(new Uint8Array(layer.buffer), 0);
  data.set(new Uint8Array(layer.buffer), 200);
  writeFileSync(path, safetensors({ 'layers.0.weight': tensor(0), 'layers.1.weight': tensor(200) }, data));
}

function makeRun(name: string, times: readonly number[], nameOf: (i: number) => string): string {
  const path = join(folder, name);
  mkdirSync(path);
  times.forEach((t, i) => write(join(path, nameOf(i)), t));
  return path;
}

const LINEAR = ['--activation', 'linear', '--loss', 'mse', '--samples', '64', '--folds', '0'];
const fits = (out: string) => (JSON.parse(out) as { fits: Record<string, PathFit[]> }).fits;

describe('its words', () => {
  it('name a direction as analyze prints it, and refuse what is none', () => {
    expect(parseCommand(['trajectory', 'm.pt', '--direction', 'dead-unit@layers.0#2'])).toMatchObject({ direction: { detector: 'dead-unit', layer: 'layers.0', index: 1 } });
    expect(parseCommand(['trajectory', 'm.pt'])).toMatchObject({ direction: null });
    expect(() => parseCommand(['trajectory', 'm.pt', '--direction', 'unit 2'])).toThrow(/dead-unit@layers\.0#1/);
  });
});

describe('cli trajectory', () => {
  it('fifty checkpoints of a folder, interrupted and gone on with: nothing finished is computed twice', async () => {
    const path = makeRun('fifty', Array.from({ length: 50 }, (_, i) => 0.4 * (i + 1) ** -1), (i) => `step${i + 1}.safetensors`);
    const file = join(folder, 'fifty.json');
    const words = [path, ...LINEAR, '--out', file, '--json'];
    const first = await cli(words, (line, kill) => /^20 of 50/m.test(line) && kill());
    expect(first.code).toBe(130);
    const saved = parseTrajectory(readFileSync(file, 'utf8'), file);
    const printed = [...first.err.matchAll(/^(\d+) of 50:/gm)].length;
    expect(saved.planned).toBe(50);
    // What was announced is on disk, but for the one that was being written.
    expect(saved.points.length).toBeGreaterThanOrEqual(printed - 1);
    expect(saved.points.length).toBeLessThan(50);
    expect(saved.points.map((p) => p.step)).toEqual(saved.points.map((_, i) => i + 1));

    const second = await cli(words);
    expect(second.code).toBe(0);
    const computed = new Set([...second.err.matchAll(/(step\d+)\.safetensors: eigen/g)].map((m) => m[1]));
    expect(computed.size).toBe(50 - saved.points.length);
    const whole = parseTrajectory(second.out, 'out');
    expect(whole.points.map((p) => p.step)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect(whole.points.slice(0, saved.points.length).map((p) => p.spectra)).toEqual(saved.points.map((p) => p.spectra));
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(second.out));

    // t = 0.4 / step: eigenvalues of the first layer fall as step^-2, of the product as step^-4, two of them.
    const [one, , two] = fits(second.out)['log step']!;
    expect(one).toMatchObject({ layer: 'layers.0', side: 'activation', kept: 5, falling: 2, law: 'power' });
    expect(one!.volume!.value).toBeCloseTo(-4, 1);
    expect(one!.ratio!.value).toBeCloseTo(2, 1);
    expect(two!.volume!.value).toBeCloseTo(-8, 1);
    expect(two!.smallest!.value).toBeCloseTo(-4, 1);
  }, 120_000);

  it('asks for steps where names say nothing, and takes them', async () => {
    const names = ['init', 'late', 'middle'];
    const path = makeRun('words', [0.5, 0.05, 0.2], (i) => `${names[i]}.safetensors`);
    const asked = await cli([path, ...LINEAR]);
    expect(asked).toMatchObject({ code: 1, err: expect.stringContaining('Give --steps') });
    const { code, out } = await cli([path, ...LINEAR, '--steps', '1,100,10', '--reference', 'words/init.safetensors', '--json']);
    expect(code).toBe(0);
    const { points, reference } = parseTrajectory(out, 'out');
    expect(points.map((p) => [p.name, p.step])).toEqual([['words/init.safetensors', 1], ['words/middle.safetensors', 10], ['words/late.safetensors', 100]]);
    expect(reference).toBe('words/init.safetensors');
    // Both layers move by 0.3 and by 0.7 of that.
    expect(points[1]!.distance).toBeCloseTo(Math.sqrt(2) * 0.3 * Math.hypot(1, 0.7), 12);
    const listed = await cli(['late', 'middle'].map((n) => join(path, `${n}.safetensors`)).concat(LINEAR, '--json'));
    expect(parseTrajectory(listed.out, 'out').points.map((p) => p.name)).toEqual(['late.safetensors', 'middle.safetensors']);
  }, 120_000);

  it('one checkpoint: the slope along a line, in a table', async () => {
    const { code, out } = await cli(['public/examples/reduced-rank.npz', '--samples', '64']);
    expect(code).toBe(0);
    expect(out).toMatch(/^slopes in log ε:$/m);
    expect(out).toMatch(/^linears\.0 +activation .* 3\.000 ± \S+ +3 +The slope counts 3, as many as rise in the spectrum\.$/m);
  }, 120_000);
});
