/** The command line as a person runs it: a child process, its streams and its exit code. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Report } from '../../src/analysis/report';
import { ROOT } from '../analysis/run';
import { swiftShaderManifest } from '../gpu/dawn';
import { disagreements } from '../oracle/agreement';

const folder = mkdtempSync(join(tmpdir(), 'deadreckon-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const REFERENCES = 'test/fixtures/references';

function cli(...words: string[]) {
  return run(words, process.env);
}

function run(words: readonly string[], env: NodeJS.ProcessEnv): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', 'cli', '--', ...words], { cwd: ROOT, env });
    let out = '';
    let err = '';
    child.stdout.on('data', (d) => (out += d));
    child.stderr.on('data', (d) => (err += d));
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

describe('cli analyze', () => {
  it('--json prints the report and nothing else', async () => {
    const file = join(folder, 'report.json');
    const { code, out } = await cli('analyze', `${REFERENCES}/mlp-relu.safetensors`, '--probe', `${REFERENCES}/mlp-relu.probe.npz`, '--json', '--out', file);
    expect(code).toBe(0);
    const report = Report.parse(JSON.parse(out));
    expect(report.spectra.map((s) => `${s.tap.layer} ${s.tap.side}`)).toEqual(['0 activation', '0 gradient', '2 activation', '2 gradient', '4 activation', '4 gradient']);
    expect(report.probe).toMatchObject({ kind: 'file', samples: 160, loss: 'mse', fisher: 'empirical' });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(out));
  });

  it('prints a readable table, with what was assumed', async () => {
    const { code, out } = await cli('analyze', 'public/examples/reduced-rank.npz', '--samples', '64', '--layers', '*.0');
    expect(code).toBe(0);
    expect(out).toMatch(/layer +side +width +rows +rank +deficit/);
    expect(out).toMatch(/^linears\.0 +activation/m);
    expect(out).toMatch(/^floors: at most \S+e-14 of the largest eigenvalue; above them an eigenvalue is known to 9 digits$/m);
    expect(out).toMatch(/skipped linears\.1: not selected by "\*\.0"/);
  });

  it('--directions reads a unit that weight decay has killed, and lambda of the network', async () => {
    const file = join(folder, 'directions.json');
    const { code, out } = await cli('analyze', 'test/fixtures/trained/decayed-tanh-unit.safetensors', '--samples', '200', '--directions', '--out', file);
    expect(code).toBe(0);
    expect(out).toMatch(/^dead-unit@0#1 +singular +2 +2 +0\.250 +unit 2, incoming and outgoing weights nearly zero \(norm 4\.6e-8\)$/m);
    expect(out).toMatch(/^λ = 23\/2, m = 1, .*7 weights of a nearly dead unit, of norm 4\.6e-8, set to zero/m);
    const { directions } = Report.parse(JSON.parse(readFileSync(file, 'utf8')));
    expect(directions!.filter((d) => d.detector === 'dead-unit')).toMatchObject([{ layer: '0', lineOrder: 2, order: 2, verdict: 'singular', coefficient: 1 / 4 }]);
  });

  it('--digits moves the floor', async () => {
    const floors = async (digits: string) => {
      const { out } = await cli('analyze', 'public/examples/reduced-rank.npz', '--samples', '64', '--layers', '*.0', '--digits', digits, '--json');
      return Report.parse(JSON.parse(out)).spectra.map((s) => [s.digits, s.floor] as const);
    };
    const [fine, coarse] = [await floors('1'), await floors('5')];
    fine.forEach(([digits, floor], i) => expect([digits, coarse[i]![0], floor < coarse[i]![1]]).toEqual([1, 5, true]));
  });

  it('verifies a report bit for bit, and says what differs', async () => {
    const file = join(folder, 'shared.json');
    const example = 'public/examples/reduced-rank.npz';
    await cli('analyze', example, '--samples', '64', '--seed', '3', '--out', file);
    const same = await cli('verify', file, example);
    expect(same).toMatchObject({ code: 0, out: 'reduced-rank.npz: verified. All 4 Gram matrices have the bits of the report.\n' });
    const report = Report.parse(JSON.parse(readFileSync(file, 'utf8')));
    writeFileSync(file, JSON.stringify({ ...report, request: { ...report.request, seed: 4 } }));
    const other = await cli('verify', file, example, '--json');
    expect(other.code).toBe(1);
    expect(JSON.parse(other.out)).toMatchObject({ verified: false, same: 0, missing: [] });
    expect(JSON.parse(other.out).different).toHaveLength(4);
    expect(await cli('verify', file, 'public/examples/dead-units.safetensors')).toMatchObject({ code: 1, err: expect.stringContaining('none of the reports given is of this checkpoint') });
  });

  it('a broken file does not take the good one with it', async () => {
    const broken = join(folder, 'broken.safetensors');
    writeFileSync(broken, 'hello');
    const { code, out, err } = await cli('analyze', broken, `${REFERENCES}/mlp-relu.pt`, '--json', '--samples', '32');
    expect(code).toBe(0);
    expect(Report.parse(JSON.parse(out)).checkpoint.name).toBe('mlp-relu.pt');
    expect(err).toContain('broken.safetensors');
  });

  it('--backend webgpu runs on a real adapter, to its stated floor', async () => {
    const env = { ...process.env, VK_ICD_FILENAMES: process.env.VK_ICD_FILENAMES || swiftShaderManifest(), XDG_RUNTIME_DIR: folder, XDG_CACHE_HOME: folder };
    const words = ['analyze', `${REFERENCES}/mlp-relu.pt`, '--probe', `${REFERENCES}/mlp-relu.probe.npz`, '--folds', '0', '--json'];
    const { code, out, err } = await run([...words, '--backend', 'webgpu'], env);
    expect(code).toBe(0);
    expect(err).toContain('mlp-relu.pt: webgpu. It was asked for by name.');
    const report = Report.parse(JSON.parse(out));
    expect(report.provenance).toMatchObject({ backend: 'webgpu', choice: { adapter: report.provenance.device } });
    // What was measured of the adapter is kept for the next time.
    const [kept] = readdirSync(join(folder, 'deadreckon'));
    expect(kept).toMatch(/^adapter-[0-9a-f]{32}\.json$/);
    expect(Object.keys(JSON.parse(readFileSync(join(folder, 'deadreckon', kept!), 'utf8')).tuning)).toEqual(['exactGram']);
    const auto = await cli(...words);
    expect(auto.err).toMatch(/mlp-relu\.pt: cpu-f64\. The CPU takes less than a second/);
    const exact = Report.parse(JSON.parse(auto.out));
    expect(exact.provenance.backend).toBe('cpu-f64');
    report.spectra.forEach((s, i) => {
      expect(disagreements(s, exact.spectra[i]!.eigenvalues)).toEqual([]);
    });
  });

  it('a gated, rotary transformer from its own file', async () => {
    const { code, out } = await cli('analyze', `${REFERENCES}/tl-rms-gated-rotary-gqa.pt`, '--samples', '8', '--json');
    expect(code).toBe(0);
    const report = Report.parse(JSON.parse(out));
    expect(report.probe).toMatchObject({ kind: 'tokens', samples: 8, loss: 'ce', fisher: 'sampled' });
    expect(report.layers.map((l) => l.name)).toContain('blocks.0.mlp.W_gate');
  });

  it.each([
    ['nothing to analyse', 1, ['analyze', 'package.json'], /package\.json/],
    ['a missing file', 1, ['analyze', 'no/such/file.pt'], /file\.pt/],
    ['a missing probe', 1, ['analyze', `${REFERENCES}/mlp-relu.pt`, '--probe', 'nowhere.npz'], /nowhere\.npz/],
    ['a probe of another width', 1, ['analyze', `${REFERENCES}/mlp-relu.pt`, '--probe', 'public/examples/softmax.probe.npz'], /inputs.*width 8/s],
    ['an unknown activation', 1, ['analyze', `${REFERENCES}/mlp-relu.pt`, '--activation', 'swosh'], /swosh.*gelu/s],
    ['no layer of that name', 1, ['analyze', `${REFERENCES}/mlp-relu.pt`, '--layers', 'blocks.*'], /blocks\.\*/],
    ['an empirical Fisher without targets', 1, ['analyze', `${REFERENCES}/mlp-relu.pt`, '--fisher', 'empirical'], /targets/],
    ['an unknown option', 2, ['analyze', 'x.pt', '--frobnicate'], /frobnicate/],
    ['a wrong number', 2, ['analyze', 'x.pt', '--samples', 'many'], /--samples/],
    ['more digits than there are', 2, ['analyze', 'x.pt', '--digits', '13'], /--digits/],
    ['an unknown command', 2, ['analyse', 'x.pt'], /analyse/],
    ['an unknown experiment', 2, ['experiment', 'celz'], /celz.*cells/],
    ['a setting that there is not', 2, ['experiment', 'cells', '--set', 'depth=2'], /cells has no setting 'depth'; it has charts/],
    ['a setting out of range', 2, ['experiment', 'cells', '--set', 'charts=-1'], /charts is one integer from 0 to 100, not -1/],
    ['two experiments', 2, ['experiment', 'cells', 'again'], /'cells' and 'again'/],
  ] as const)('%s: exit code %i and a sentence', async (_, expected, words, sentence) => {
    const { code, out, err } = await cli(...words);
    expect(err).toMatch(sentence);
    expect(err).not.toMatch(/\n\s+at /);
    expect([code, out]).toEqual([expected, '']);
  });

  it('experiment lists what there is', async () => {
    const { code, out } = await cli('experiment');
    expect(code).toBe(0);
    expect(out).toMatch(/^cells: orders and verdicts.*\n +--set charts=6 /m);
  });

  it('--help says how', async () => {
    const { code, out } = await cli('--help');
    expect(code).toBe(0);
    expect(out).toContain('--fisher');
  });
});
