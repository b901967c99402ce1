import { describe, expect, it } from 'vitest';
import type { Example } from '../../src/analysis/example';
import { decodeLink, encodeLink } from '../../src/analysis/link';
import { batch } from '../../src/store/batch';
import { csvOf } from '../../src/store/csv';
import type { Environment } from '../../src/store/environment';
import { linkOf } from '../../src/store/link';
import { settingsChanged, settleReport, shownReport } from '../../src/store/report';
import { filteredLayers, focusSpectrum, selectedLayer } from '../../src/store/selection';
import { currentSubject } from '../../src/store/session';
import { createApp } from '../../src/store/store';
import { createFakeClient, fakeReport, fakeSpectrum, type FakeOptions } from '../view/fake-client';

const gallery: Example[] = [
  {
    id: 'modadd',
    title: 'Modular addition',
    description: 'A grokked transformer.',
    files: ['modadd.safetensors'],
    request: {},
    answer: 'deficit 19',
    focus: { layer: 'blocks.0.mlp.W_in', side: 'gradient' },
    expect: [{ layer: 'blocks.0.mlp.W_in', side: 'gradient', deficit: 19 }],
  },
];

function setup(options: FakeOptions = {}) {
  const memory = new Map<string, string>();
  const client = createFakeClient(options);
  const page = { fragment: '', copied: '' };
  const environment: Environment = {
    client,
    fetchFile: async (path) => new Blob([path === 'examples/index.json' ? JSON.stringify(gallery) : 'weights']),
    recall: (key) => memory.get(key) ?? null,
    remember: (key, value) => void memory.set(key, value),
    address: () => 'https://host.example/sub/',
    setFragment: (fragment) => void (page.fragment = fragment),
    copyText: async (text) => void (page.copied = text),
  };
  return { store: createApp(environment), client, memory, page, environment };
}

const file = (name: string, text = 'x') => ({ name, file: new Blob([text]) });
const until = async (test: () => boolean) => {
  for (let i = 0; i < 200 && !test(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(test()).toBe(true);
};

describe('a drop', () => {
  it('analyses a small model at once and keeps refusals of other files', async () => {
    const { store } = setup();
    await store.getState().openFiles([file('bad.npz'), file('model.safetensors')]);
    const state = store.getState();
    expect(state.refusals.map((r) => r.where)).toEqual(['bad.npz · w1']);
    expect(shownReport(state)!.spectra).toHaveLength(16);
    expect(state.running).toBeNull();
  });

  it('waits for Run with a large model, and takes a probe of the same drop', async () => {
    const { store, client } = setup();
    await store.getState().openFiles([file('big.pt'), file('probe.npz')]);
    expect(client.requests).toEqual([]);
    await store.getState().run();
    expect(client.requests[0]).toMatchObject({ probe: expect.stringMatching(/^p/), request: { samples: 128, loss: 'ce' } });
  });

  it('a text waits for its tokenizer, and pictures for another network: the page says so and reads on what is built in', async () => {
    const { store, client } = setup();
    const chosen = () => store.getState().settings[store.getState().current!]?.probe ?? null;
    await store.getState().openFiles([file('model.safetensors'), file('corpus.txt')]);
    expect([chosen(), store.getState().toast!.text]).toEqual([null, 'corpus.txt is text: to run the network on it, drop its tokenizer.json too.']);
    expect(client.requests[0]).toMatchObject({ probe: null });
    await store.getState().openFiles([file('tokenizer.json')]);
    expect(chosen()).toBe(store.getState().probes[0]!.id);
    await store.getState().openFiles([file('cat.png')]);
    expect([chosen(), store.getState().toast!.text]).toEqual([store.getState().probes[0]!.id, 'cat.png: pictures do not fit a network that takes token ids.']);
    await store.getState().openFiles([file('tokenizer_config.json')]);
    expect(store.getState().toast!.text).toContain('Kept: tokenizer_config.json.');
  });

  it('a probe whose tokenizer is fetched does not reach what came into view meanwhile', async () => {
    const { store, client } = setup();
    await store.getState().openFiles([file('big.pt')]);
    const first = store.getState().current!;
    const { open, inspect } = client;
    client.open = async (files) => {
      const opened = await open(files);
      return { ...opened, checkpoints: opened.checkpoints.map((found) => ({ ...found, fetches: true })) };
    };
    let fetched = () => {};
    const waiting = new Promise<void>((resolve) => (fetched = resolve));
    client.inspect = async (...args) => {
      await waiting;
      return inspect(...args);
    };
    const opening = store.getState().openFiles([file('model.safetensors'), file('words.txt')]);
    await until(() => store.getState().current !== first);
    store.getState().choose(first);
    await new Promise((resolve) => setTimeout(resolve, 20));
    fetched();
    await opening;
    expect(store.getState().settings[first]?.probe ?? null).toBeNull();
    expect(client.requests).toEqual([]);
  });

  it('opens a saved report as a finished analysis', async () => {
    const { store } = setup();
    const report = { ...fakeReport(), spectra: [fakeSpectrum({ name: 'embed.W_E', width: 64, rank: 60 }, 'activation')] };
    await store.getState().openFiles([file('saved.json', JSON.stringify(report))]);
    expect(shownReport(store.getState())!.spectra[0]!.rank).toBe(60);
    expect(currentSubject(store.getState())!.inspection).toBeNull();
  });
});

describe('an address', () => {
  it('opens every revision under its own address, past one that fails', async () => {
    const { store, client } = setup();
    await store.getState().openAddress('hf:a/b@step1,step2/big.pt https://x.org/bad.npz');
    expect(client.fetched).toEqual(['hf:a/b@step1/big.pt', 'hf:a/b@step2/big.pt', 'https://x.org/bad.npz']);
    expect(store.getState().subjects.map((s) => s.source)).toMatchObject([{ address: 'hf:a/b@step1/big.pt' }, { address: 'hf:a/b@step2/big.pt' }]);
    expect(store.getState().refusals.map((r) => r.where)).toEqual(['bad.npz · w1']);
    expect([store.getState().opening, store.getState().fetching]).toEqual([null, null]);
  });

  it('is refused with a sentence, and a fragment is never one', async () => {
    const { store, client } = setup();
    for (const text of ['javascript:alert(1)', 'http://x.org/m.pt', 'hf:a', '#hf:a/b', '#https://x.org/m.pt']) await store.getState().openLink(text);
    expect(store.getState().refusals).toHaveLength(5);
    expect(client.fetched).toEqual([]);
  });

  it('can be stopped', async () => {
    const { store } = setup();
    const opening = store.getState().openAddress('https://x.org/slow.pt https://x.org/model.safetensors');
    await until(() => store.getState().fetching?.what?.name === 'slow.pt');
    store.getState().cancel();
    await opening;
    expect([store.getState().subjects, store.getState().opening, store.getState().refusals]).toEqual([[], null, []]);
  });

  it('says once that the browser keeps no more, until it is cleared', async () => {
    const { store } = setup({ trouble: 'The browser keeps no more.' });
    await store.getState().openAddress('https://x.org/big.pt');
    await until(() => store.getState().toast?.text === 'The browser keeps no more.');
    store.setState({ toast: null });
    await store.getState().openAddress('https://x.org/big2.pt');
    expect([store.getState().toast, store.getState().kept!.bytes]).toEqual([null, 2000]);
    await store.getState().clearKept();
    expect(store.getState().kept).toEqual({ bytes: 0, trouble: null });
  });
});

describe('settings', () => {
  it('notices what was not computed yet, but not threshold and digits', async () => {
    const { store } = setup();
    await store.getState().openFiles([file('model.safetensors')]);
    expect(settingsChanged(store.getState())).toBe(false);
    store.getState().setThreshold(1e-3);
    store.getState().setDigits(4);
    expect(settingsChanged(store.getState())).toBe(false);
    store.getState().edit({ seed: 8 });
    expect(settingsChanged(store.getState())).toBe(true);
    store.getState().edit({ seed: null });
    expect(settingsChanged(store.getState())).toBe(false);
    store.getState().chooseOption('activation', 'tanh');
    expect(settingsChanged(store.getState())).toBe(true);
    await until(() => currentSubject(store.getState())!.inspection!.model.choices[0]!.assumed === false);
    await store.getState().run();
    expect(settingsChanged(store.getState())).toBe(false);
  });

  it('reads the same spectra again under a cut, without computing', async () => {
    const { store, client } = setup();
    await store.getState().openFiles([file('model.safetensors')]);
    const before = shownReport(store.getState())!.spectra.find((s) => s.dimension === 256)!;
    store.getState().setThreshold(1e-3);
    const after = shownReport(store.getState())!.spectra.find((s) => s.dimension === 256)!;
    expect(after.rank).toBe(before.eigenvalues.filter((x) => x > 1e-3 * before.eigenvalues[0]!).length);
    expect(after.rank).toBeLessThan(before.rank!);
    expect(client.requests).toHaveLength(1);
    store.getState().setThreshold(Number.NaN);
    expect(shownReport(store.getState())!.spectra.find((s) => s.dimension === 256)!.rank).toBe(before.rank);
  });
});

describe('digits', () => {
  it('move the floor of the same spectra, without computing, until the choice is taken back', async () => {
    const { store, client } = setup();
    await store.getState().openFiles([file('model.safetensors')]);
    const at = shownReport(store.getState())!.spectra.findIndex((s) => s.deficit! > 0);
    const spectrum = () => shownReport(store.getState())!.spectra[at]!;
    const usual = spectrum();
    store.getState().setDigits(1);
    expect(spectrum()).toMatchObject({ digits: 1, floor: usual.noise.solver, rank: usual.dimension, eigenvalues: usual.eigenvalues });
    store.getState().setDigits(null);
    expect(spectrum()).toEqual(usual);
    expect(client.requests).toHaveLength(1);
  });
});

describe('settleReport', () => {
  it('keeps the objects that came and takes what differs from the final report', () => {
    const streamed = { ...fakeReport(), spectra: [spectrumOf('a'), spectrumOf('b')] };
    const other = { ...spectrumOf('b'), floor: 1 };
    const settled = settleReport({ ...fakeReport(), spectra: [spectrumOf('a'), other, spectrumOf('c')] }, streamed);
    expect(settled.spectra[0]).toBe(streamed.spectra[0]);
    expect(settled.spectra[1]).toBe(other);
    expect(settled.spectra.map((s) => s.tap.layer)).toEqual(['a', 'b', 'c']);
  });
});

const spectrumOf = (name: string) => fakeSpectrum({ name, width: 6, rank: 4 }, 'activation');

describe('cancel', () => {
  it('keeps what is done and says that the rest is missing', async () => {
    const { store } = setup({ pause: 20 });
    const opening = store.getState().openFiles([file('model.safetensors')]);
    await until(() => (shownReport(store.getState())?.spectra.length ?? 0) >= 2);
    store.getState().cancel();
    expect(store.getState().running).toBeNull();
    await opening;
    const report = shownReport(store.getState())!;
    expect(report.provenance.partial).toBe(true);
    expect(report.spectra.length).toBeGreaterThanOrEqual(2);
    expect(report.spectra.length).toBeLessThan(16);
  });

  it('gives the earlier result back when nothing new came', async () => {
    const { store } = setup({ pause: 150 });
    await store.getState().openFiles([file('big.safetensors')]);
    const id = store.getState().current!;
    const earlier = { report: { ...fakeReport(), spectra: [] }, request: null, probe: null, verified: null };
    store.setState({ results: { [id]: earlier } });
    const run = store.getState().run();
    store.getState().cancel();
    await run;
    expect(store.getState().results[id]).toBe(earlier);
  });
});

describe('selection', () => {
  it('is one for tree, table and plot', async () => {
    const { store } = setup();
    await store.getState().openFiles([file('model.safetensors')]);
    expect(selectedLayer(store.getState())).toBe('embed.W_E');
    store.getState().select('blocks.0.mlp.W_in', 'gradient');
    const spectra = shownReport(store.getState())!.spectra.filter((s) => s.tap.layer === 'blocks.0.mlp.W_in');
    expect(focusSpectrum(store.getState().view, spectra)!.tap.side).toBe('gradient');
    store.getState().look({ filter: 'blocks.*.attn.*' });
    expect(filteredLayers(store.getState())).toHaveLength(4);
    store.getState().step(1);
    expect(selectedLayer(store.getState())).toBe('blocks.0.attn.W_Q');
    store.getState().step(1);
    store.getState().step(-1);
    expect(selectedLayer(store.getState())).toBe('blocks.0.attn.W_Q');
  });

  it('never hides the last side', async () => {
    const { store } = setup();
    await store.getState().openFiles([file('model.safetensors')]);
    const both = ['activation', 'gradient'] as const;
    store.getState().toggleSide('activation', both);
    expect(store.getState().view.sides).toEqual(['gradient']);
    store.getState().toggleSide('gradient', both);
    expect(store.getState().view.sides).toEqual(['gradient']);
  });
});

describe('links', () => {
  it('restores an example, its settings and its view in a fresh page', async () => {
    const first = setup();
    await first.store.getState().openExample('modadd');
    first.store.getState().edit({ seed: 11 });
    first.store.getState().look({ scale: 'absolute', index: 'log', range: { x: [0, 2], y: [-9, 0] } });
    first.store.getState().setThreshold(1e-6);
    first.store.getState().setDigits(5);
    await first.store.getState().run();
    await first.store.getState().copyLink();
    expect(first.page.copied).toBe(`https://host.example/sub/${first.page.fragment}`);
    expect(first.store.getState().toast!.text).toContain(`${first.page.copied.length} characters`);

    const second = setup();
    await second.store.getState().openLink(first.page.copied);
    expect(linkOf(second.store.getState())).toEqual(linkOf(first.store.getState()));
    expect(shownReport(second.store.getState())).toEqual(shownReport(first.store.getState()));
  });

  it('asks for a local file by name and fingerprint, refuses another, and restores the view with the right one', async () => {
    const first = setup();
    await first.store.getState().openFiles([file('run/model.safetensors')]);
    first.store.getState().select('unembed.W_U', 'gradient');
    await first.store.getState().copyLink();
    const held = decodeLink(first.page.fragment);
    expect(held.source).toMatchObject({ kind: 'local', name: 'run/model.safetensors', fingerprint: 'sha256:model.safetensors' });

    const { store } = setup();
    await store.getState().openLink(first.page.fragment);
    expect(store.getState().pending!.link.digest).toHaveLength(16);
    await store.getState().openFiles([file('other.safetensors')]);
    expect(store.getState().pending!.strangers.map((s) => s.name)).toEqual(['other.safetensors']);
    expect(store.getState().results).toEqual({});
    await store.getState().openFiles([file('model.safetensors')]);
    await until(() => shownReport(store.getState())?.spectra.length === 16);
    expect(store.getState().pending).toBeNull();
    expect(selectedLayer(store.getState())).toBe('unembed.W_U');
    expect(store.getState().view.sides[0]).toBe('gradient');
  });

  it('waits for the probe that the link names', async () => {
    const first = setup();
    await first.store.getState().openFiles([file('model.safetensors'), file('probe.npz')]);
    await first.store.getState().copyLink();
    const { store } = setup();
    await store.getState().openLink(first.page.fragment);
    await store.getState().openFiles([file('model.safetensors')]);
    expect(store.getState().pending!.found!.name).toBe('model.safetensors');
    await store.getState().openFiles([file('probe.npz')]);
    await until(() => shownReport(store.getState())?.spectra.length === 16);
    expect(linkOf(store.getState())).toEqual(linkOf(first.store.getState()));
  });

  it('fetches nothing for a link before the person agrees, and then only what it names', async () => {
    const first = setup();
    await first.store.getState().openLink('hf:a/b@step7/model.safetensors');
    await until(() => shownReport(first.store.getState())?.spectra.length === 16);
    first.store.getState().select('unembed.W_U', 'gradient');
    await first.store.getState().copyLink();
    expect(first.store.getState().toast!.text).toMatch(/Link copied: the address of the file, layer.* a table of results; no weights/);
    expect(decodeLink(first.page.fragment).source).toMatchObject({ kind: 'remote', address: 'hf:a/b@step7/model.safetensors', fingerprint: 'sha256:model.safetensors' });

    const { store, client } = setup();
    await store.getState().openLink(first.page.fragment);
    expect(store.getState().pending!.link.digest).toHaveLength(16);
    expect([client.fetched, client.requests, shownReport(store.getState())]).toEqual([[], [], null]);
    await store.getState().fetchPending();
    await until(() => shownReport(store.getState())?.spectra.length === 16);
    expect(client.fetched).toEqual(['hf:a/b@step7/model.safetensors']);
    expect([store.getState().pending, selectedLayer(store.getState())]).toEqual([null, 'unembed.W_U']);
    expect(linkOf(store.getState())).toEqual(linkOf(first.store.getState()));
  });

  it('takes the file itself in place of what its address brings, and tells another file from it', async () => {
    const first = setup();
    await first.store.getState().openAddress('https://x.org/model.safetensors');
    await first.store.getState().copyLink();
    const changed = decodeLink(first.page.fragment);
    const moved = encodeLink({ ...changed, source: { ...changed.source, fingerprint: 'sha256:before' } as typeof changed.source });
    const { store } = setup();
    await store.getState().openLink(moved);
    await store.getState().fetchPending();
    expect(store.getState().pending!.strangers.map((s) => s.fingerprint)).toEqual(['sha256:model.safetensors']);
    const third = setup();
    await third.store.getState().openLink(first.page.fragment);
    await third.store.getState().openFiles([file('model.safetensors')]);
    await until(() => shownReport(third.store.getState())?.spectra.length === 16);
    expect(third.client.fetched).toEqual([]);
  });

  it('never carries an address of the network that it was made in', async () => {
    const { store, page } = setup();
    await store.getState().openAddress('https://192.168.0.7/model.safetensors');
    await store.getState().copyLink();
    expect(decodeLink(page.fragment).source.kind).toBe('local');
  });

  it('refuses a damaged link with a sentence and touches nothing', async () => {
    const { store } = setup();
    await store.getState().openFiles([file('model.safetensors')]);
    const before = shownReport(store.getState());
    await store.getState().openLink('#v1.AAAA');
    await store.getState().openLink('#v7.AAAA');
    expect(store.getState().refusals.map((r) => r.message)).toEqual([
      expect.stringMatching(/damaged/),
      expect.stringMatching(/version 7/),
    ]);
    expect(shownReport(store.getState())).toBe(before);
  });
});

describe('examples', () => {
  it('remembers whether the last run agreed, with its real spectrum', async () => {
    const { store, memory } = setup();
    await store.getState().loadGallery();
    expect(store.getState().lastRuns.modadd).toBeNull();
    await store.getState().openExample('modadd');
    expect(store.getState().lastRuns.modadd).toMatchObject({ agrees: true, spectrum: { rank: 237 } });
    expect(selectedLayer(store.getState())).toBe('blocks.0.mlp.W_in');
    expect([...memory.keys()]).toEqual(['deadreckon.example.modadd']);
  });

  it('ignores a memory that it did not write', async () => {
    const { store, memory } = setup();
    memory.set('deadreckon.example.modadd', '{"agrees":"<b>yes</b>"}');
    await store.getState().loadGallery();
    expect(store.getState().lastRuns.modadd).toBeNull();
  });
});

describe('csvOf', () => {
  it('is one value per line, and never a formula', () => {
    const spectrum = fakeSpectrum({ name: '=HYPERLINK("https://evil.example"),x', width: 3, rank: 2 }, 'activation');
    const lines = csvOf({ ...fakeReport(), spectra: [spectrum] })
      .trim()
      .split('\r\n');
    expect(lines[0]).toBe('layer,side,quantity,index,value,uncertainty,limited_by');
    expect(lines).toHaveLength(1 + 4 + 8 + 3);
    expect(lines.slice(1).every((l) => l.startsWith(`"'=HYPERLINK(""https://evil.example""),x",activation,`))).toBe(true);
    expect(lines.at(-1)).toContain(`eigenvalue,3,${spectrum.eigenvalues[2]},,floor`);
  });
});

describe('batch', () => {
  it('hands on items together, in order, and nothing after it was closed', async () => {
    const seen: number[][] = [];
    const b = batch<number>((items) => seen.push(items), 5);
    b.push(1);
    b.push(2);
    expect(seen).toEqual([]);
    await until(() => seen.length === 1);
    b.push(3);
    b.flush();
    b.push(4);
    b.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen).toEqual([[1, 2], [3]]);
  });
});
