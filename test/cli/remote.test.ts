/** `analyze` with an address in place of a path, from a server on this machine. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Report } from '../../src/analysis/report';
import { ROOT, analyzeFiles } from '../analysis/run';
import { fileServer, type FileServer } from '../checkpoint/remote/file-server';

const reference = (name: string) => join(ROOT, 'test/fixtures/references', name);
let server: FileServer;
beforeAll(async () => {
  server = await fileServer(false);
  for (const name of ['mlp-relu.safetensors', 'mlp-relu.probe.npz']) server.files.set(`/${name}`, { bytes: new Uint8Array(readFileSync(reference(name))) });
});
afterAll(() => server.close());

function cli(...words: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', 'cli', '--', 'analyze', ...words], { cwd: ROOT });
    let [out, err] = ['', ''];
    child.stdout.on('data', (d) => (out += d));
    child.stderr.on('data', (d) => (err += d));
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

it('gives the bits of the files on disk, and says where they come from', async () => {
  const host = new URL(server.url).host;
  const { code, out, err } = await cli(`${server.url}/mlp-relu.safetensors`, '--probe', `${server.url}/mlp-relu.probe.npz`, '--json');
  expect([code, err]).toEqual([0, expect.stringContaining(`from ${host}`)]);
  const report = Report.parse(JSON.parse(out));
  const ours = await analyzeFiles([reference('mlp-relu.safetensors'), reference('mlp-relu.probe.npz')]);
  expect(report.provenance.grams).toBe(ours.provenance.grams);
  expect(report.checkpoint.fingerprint).toBe(ours.checkpoint.fingerprint);
});

it('says what is wrong with an address, and goes on with the rest', async () => {
  const { code, err } = await cli('http://example.org/x.pt');
  expect([code, err]).toEqual([1, expect.stringContaining('without encryption')]);
  const both = await cli(`${server.url}/missing.pt`, reference('mlp-relu.safetensors'), '--samples', '16', '--json');
  expect([both.code, both.err]).toEqual([0, expect.stringContaining('has no such file (404)')]);
});
