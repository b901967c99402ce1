/** Side files of a network behind an address: fetched from there when a text or pictures need them, and not before. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { whyUnfit } from '../../src/analysis/events';
import { Remote } from '../../src/analysis/remote';
import { Session } from '../../src/analysis/session';
import { bufferSource } from '../../src/checkpoint/sources';
import { fileServer, type FileServer } from '../checkpoint/remote/file-server';
import { analyzeOpened, ROOT } from './run';

const bytes = (path: string) => new Uint8Array(readFileSync(join(ROOT, 'test/fixtures', path)));
const source = (path: string, name = path.split('/').at(-1)!) => bufferSource(name, bytes(path));
const corpus = () => source('probes/gpt2/corpus.txt');
const SIDES = ['tokenizer.json', 'tokenizer_config.json'];

let server: FileServer;
beforeAll(async () => {
  server = await fileServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.files.clear();
  const put = (repository: string, folder: string, ...names: string[]) => {
    for (const name of names) server.files.set(`/${repository}/resolve/main/${name}`, { bytes: bytes(`${folder}/${name}`) });
  };
  put('a/gpt2', 'probes/gpt2', 'model.safetensors', 'config.json', ...SIDES);
  put('a/vit', 'families/vit', 'model.safetensors', 'config.json');
  for (const [name, files] of [['gpt2', ['model.safetensors']], ['vit', ['model.safetensors']]] as const) {
    server.files.set(`/api/models/a/${name}/tree/main`, { bytes: new TextEncoder().encode(JSON.stringify(files.map((path) => ({ type: 'file', path })))) });
  }
});

/** The Hub, played by the local server. */
async function openRemote(session: Session, address: string) {
  const remote = new Remote({ fetch: (url, init) => fetch(url.replace('https://huggingface.co', server.url), init), store: null });
  const { files, refusals } = await remote.files(address, () => {});
  expect(refusals).toEqual([]);
  const { checkpoints } = await session.open(files);
  return checkpoints[0]!;
}

const asked = () => server.requests.filter((r) => /tokenizer|preprocessor/.test(r)).map((r) => r.split(' ')[1]!.split('/').at(-1));

it('a text is read through the tokenizer of its repository, to the numbers of the files on disk', async () => {
  const session = new Session();
  const inspection = await openRemote(session, 'hf:a/gpt2');
  expect(inspection.fetches).toBe(true);
  await analyzeOpened(session, inspection.id, null, { samples: 4, layers: 'lm_head' });
  server.requests.length = 0;
  const [probe] = (await session.open([corpus()])).probes;
  expect(asked()).toEqual([]);
  expect(await whyUnfit(probe!, inspection, [], () => session.inspect(inspection.id, {}, probe!.id))).toBeNull();
  const report = await analyzeOpened(session, inspection.id, probe!.id, { positions: 8, samples: 4 });
  expect(report.probe.evidence![0]).toContain('corpus.txt through gpt2@main/tokenizer.json (BPE, 320 tokens)');
  expect([...new Set(asked())]).toEqual(SIDES);
  // Each told its size and was read once, however often the network met the text.
  expect(asked()).toHaveLength(4);

  const here = new Session();
  const local = await here.open(['model.safetensors', 'config.json', 'corpus.txt', ...SIDES].map((name) => source(`probes/gpt2/${name}`)));
  expect(report.provenance.grams).toBe((await analyzeOpened(here, local.checkpoints[0]!.id, local.probes[0]!.id, { positions: 8, samples: 4 })).provenance.grams);
});

it('a tokenizer that the person gave with the text is used, and none is fetched', async () => {
  const session = new Session();
  const { id } = await openRemote(session, 'hf:a/gpt2');
  server.requests.length = 0;
  const opened = await session.open([corpus(), ...SIDES.map((name) => source(`probes/gpt2/${name}`))]);
  const inspection = await session.inspect(id, {}, opened.probes[0]!.id);
  expect(inspection.probe.evidence![0]).toContain('through tokenizer.json');
  expect(asked()).toEqual([]);
});

it('where there is no tokenizer the sentence asks for one, and nothing else is said', async () => {
  for (const name of SIDES) server.files.delete(`/a/gpt2/resolve/main/${name}`);
  const session = new Session();
  const inspection = await openRemote(session, 'hf:a/gpt2');
  const [probe] = (await session.open([corpus()])).probes;
  const look = () => session.inspect(inspection.id, {}, probe!.id);
  expect(await whyUnfit(probe!, inspection, [], look)).toBe('corpus.txt is text: to run the network on it, drop its tokenizer.json too.');
  expect((await session.open([source('probes/gpt2/tokenizer.json')])).sideFiles).toEqual(['tokenizer.json']);
  expect((await look()).probe.kind).toBe('text');
});

it('a server that refuses a tokenizer is told as it is', async () => {
  server.files.get('/a/gpt2/resolve/main/tokenizer.json')!.statuses = [401];
  const session = new Session();
  const inspection = await openRemote(session, 'hf:a/gpt2');
  const [probe] = (await session.open([corpus()])).probes;
  expect(await whyUnfit(probe!, inspection, [], () => session.inspect(inspection.id, {}, probe!.id))).toMatch(/asks for a login \(401\)/);
});

it('pictures are scaled as the repository says; where it does not, as the model has it', async () => {
  const picture = source('pictures/grey.png');
  const evidence = async () => {
    const session = new Session();
    const { id } = await openRemote(session, 'hf:a/vit');
    expect(asked()).toEqual([]);
    const [probe] = (await session.open([picture])).probes;
    return (await session.inspect(id, {}, probe!.id)).probe.evidence!.join('; ');
  };
  server.requests.length = 0;
  expect(await evidence()).not.toContain('preprocessor_config.json');
  expect(asked()).toEqual(['preprocessor_config.json']);
  server.requests.length = 0;
  const config = { do_rescale: true, rescale_factor: 1 / 255, do_normalize: true, image_mean: [0.5, 0.5], image_std: [0.25, 0.25] };
  server.files.set('/a/vit/resolve/main/preprocessor_config.json', { bytes: new TextEncoder().encode(JSON.stringify(config)) });
  expect(await evidence()).toContain('vit@main/preprocessor_config.json');
});
