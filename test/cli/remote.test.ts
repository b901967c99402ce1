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

it('a text is read through the tokenizer that lies beside a remote model; without one the built-in tokens are, and why', async () => {
  const gpt2 = (name: string) => join(ROOT, 'test/fixtures/probes/gpt2', name);
  const put = (name: string, bytes: Uint8Array) => server.files.set(`/gpt2/${name}`, { bytes });
  for (const name of ['model.safetensors', 'config.json', 'tokenizer.json', 'tokenizer_config.json']) put(name, new Uint8Array(readFileSync(gpt2(name))));
  const names = (await analyzeFiles([gpt2('model.safetensors'), gpt2('config.json')], { layers: 'lm_head', samples: 2 })).checkpoint.tensors.map((t) => t.name);
  put('model.safetensors.index.json', new TextEncoder().encode(JSON.stringify({ weight_map: Object.fromEntries(names.map((name) => [name, 'model.safetensors'])) })));
  const words = [`${server.url}/gpt2/model.safetensors.index.json`, gpt2('corpus.txt'), '--samples', '4', '--positions', '8', '--layers', 'lm_head', '--json'];
  const { code, out, err } = await cli(...words);
  expect([code, err]).toEqual([0, expect.not.stringContaining('drop its tokenizer.json')]);
  const report = Report.parse(JSON.parse(out));
  expect(report.probe.evidence![0]).toContain('corpus.txt through tokenizer.json (BPE, 320 tokens)');
  const ours = await analyzeFiles(['model.safetensors', 'config.json', 'tokenizer.json', 'tokenizer_config.json', 'corpus.txt'].map(gpt2), { samples: 4, positions: 8, layers: 'lm_head' });
  expect(report.provenance.grams).toBe(ours.provenance.grams);

  server.files.delete('/gpt2/tokenizer.json');
  const without = await cli(...words);
  expect([without.code, without.err]).toEqual([0, expect.stringContaining('corpus.txt is text: to run the network on it, drop its tokenizer.json too.')]);
  expect(Report.parse(JSON.parse(without.out)).probe.kind).toBe('tokens');
});
