import { describe, expect, it } from 'vitest';
import { experimentOfLink } from '../../src/analysis/experiment-link';
import { unpackLink } from '../../src/analysis/link';
import { tableCsv } from '../../src/store/csv';
import type { Environment } from '../../src/store/environment';
import { draftDiffers, fieldComplaint, orderOf, readValue, seedComplaint } from '../../src/store/experiment-draft';
import { busyWith, cardOf, shownExperiments } from '../../src/store/experiments';
import { createApp } from '../../src/store/store';
import { createFakeClient } from '../view/fake-client';
import { fakeRecord, fakeSummary } from '../view/fake-experiments';

function setup(pause = 0) {
  const client = createFakeClient({ pause });
  const page = { fragment: '', copied: '' };
  const environment: Environment = {
    client,
    fetchFile: async () => new Blob(['[]']),
    recall: () => null,
    remember: () => {},
    address: () => 'https://host.example/',
    setFragment: (fragment) => void (page.fragment = fragment),
    copyText: async (text) => void (page.copied = text),
  };
  const store = createApp(environment);
  return { store, client, page, app: () => store.getState(), card: (name = 'slopes') => cardOf(store.getState(), name) };
}
const file = (name: string, content: unknown) => ({ name, file: new Blob([typeof content === 'string' ? content : JSON.stringify(content)]) });

describe('a protocol being typed', () => {
  it('starts from the size and holds only what differs', async () => {
    const { app, card } = setup();
    await app().openExperiments();
    expect(orderOf(fakeSummary, card())).toEqual({ name: 'slopes', size: 'small', changes: {}, seed: 0 });
    app().typeSetting('slopes', 'ranks', '1, 3 ,5');
    app().typeSetting('slopes', 'epochs', '20');
    app().draftExperiment('slopes', { seed: '9' });
    expect(orderOf(fakeSummary, card())).toEqual({ name: 'slopes', size: 'small', changes: { ranks: [1, 3, 5] }, seed: 9 });
    app().sizeExperiment('slopes', 'full');
    expect(orderOf(fakeSummary, card())).toEqual({ name: 'slopes', size: 'full', changes: {}, seed: 9 });
  });

  it.each([
    ['ranks', '1, 9', /a list of integers from 1 to 8, not 1, 9/],
    ['ranks', '', /a list of integers from 1 to 8; the field is empty/],
    ['ranks', '1,,2', /'1,,2' is not/],
    ['epochs', '2, 3', /one integer from 1 to 100000, not 2, 3/],
    ['epochs', '2.5', /not 2\.5/],
    ['epochs', 'many', /'many' is not/],
    ['rate', 'Infinity', /'Infinity' is not/],
  ])('%s = "%s" has a sentence and cannot be run', async (key, text, message) => {
    const { app, card, client } = setup();
    await app().openExperiments();
    app().typeSetting('slopes', key, text);
    expect(fieldComplaint(fakeSummary.fields.find((f) => f.key === key)!, card())).toMatch(message);
    expect(orderOf(fakeSummary, card())).toBeNull();
    await app().runExperiment('slopes');
    expect(client.requests).toEqual([]);
  });

  it('takes one number for a list of one, and no seed that is none', () => {
    expect(readValue(' 4 ', true)).toEqual([4]);
    expect(readValue('4', false)).toBe(4);
    expect(readValue('4, 5, ', true)).toEqual([4, 5]);
    expect(readValue('4,,', true)).toBeNull();
    expect(seedComplaint({ seed: '-1' })).toMatch(/0 to 4294967295/);
    expect(seedComplaint({ seed: '17' })).toBeNull();
  });
});

describe('a run', () => {
  it('brings its result, and tells when the fields ask for something else', async () => {
    const { app, card, client } = setup();
    await app().openExperiments();
    app().typeSetting('slopes', 'ranks', '2');
    await app().runExperiment('slopes');
    expect(client.requests).toEqual([{ order: { name: 'slopes', size: 'small', changes: { ranks: [2] }, seed: 0 }, backend: 'cpu-f64' }]);
    expect(card()).toMatchObject({ result: { summary: '1 of 1 slopes are those of the paper.' }, file: null, error: null });
    expect(app().experimentRun).toBeNull();
    expect(draftDiffers(fakeSummary, card(), card().result!)).toBe(false);
    app().typeSetting('slopes', 'ranks', '2, 3');
    expect(draftDiffers(fakeSummary, card(), card().result!)).toBe(true);
  });

  it('is one at a time, tells its progress, and a cancelled one leaves the result that was there', async () => {
    const { app, card, client } = setup(60);
    await app().openExperiments();
    await app().runExperiment('slopes');
    const before = card().result;
    const seen: unknown[] = [];
    const run = app().runExperiment('slopes');
    expect(busyWith(app())).toBe('slopes is running');
    await app().runExperiment('cells');
    for (let i = 0; i < 20 && !app().experimentRun?.progress; i++) await new Promise((r) => setTimeout(r, 20));
    seen.push(app().experimentRun!.progress);
    app().cancelExperiment();
    expect(app().experimentRun).toBeNull();
    await run;
    expect(seen).toEqual([{ done: expect.any(Number), total: 4, secondsLeft: null }]);
    expect(card().result).toBe(before);
    expect(card().error).toBeNull();
    expect(client.requests).toHaveLength(2);
  });

  it('that fails says why on its card and keeps the result', async () => {
    const { app, card } = setup();
    await app().openExperiments();
    await app().runExperiment('slopes');
    app().draftExperiment('slopes', { seed: '13' });
    await app().runExperiment('slopes');
    expect(card()).toMatchObject({ error: expect.stringContaining('diverges'), result: { seed: 0 } });
    expect(app().refusals).toEqual([]);
  });
});

describe('a dropped result', () => {
  it('opens on the page, with the protocol that gives it again', async () => {
    const { app, card, page } = setup();
    const record = fakeRecord({ size: 'full', changes: { rate: 0.1 }, seed: 4 });
    await app().openFiles([file('out/a.experiment.json', record)]);
    expect([app().experimenting, app().current, app().experimentFocus, page.fragment]).toEqual([true, null, 'slopes', '#experiments']);
    await Promise.resolve();
    expect(card()).toMatchObject({ file: 'out/a.experiment.json', result: record });
    expect(orderOf(fakeSummary, card())).toEqual({ name: 'slopes', size: 'full', changes: { rate: 0.1 }, seed: 4 });
    expect(draftDiffers(fakeSummary, card(), record)).toBe(false);
  });

  it('of an experiment that this version does not have is shown beside the others', async () => {
    const { app } = setup();
    await app().openExperiments();
    await app().openFiles([file('a.experiment.json', { ...fakeRecord(), name: 'constructor', title: 'of tomorrow' })]);
    expect(shownExperiments(app()).map((e) => [e.name, e.title])).toEqual([['cells', 'orders'], ['slopes', fakeSummary.title], ['constructor', 'of tomorrow']]);
  });

  it('beside a checkpoint leaves the checkpoint in view, and what was open stays open', async () => {
    const { app, card } = setup();
    await app().openFiles([file('model.safetensors', 'x'), file('a.experiment.json', fakeRecord())]);
    expect(app().current).not.toBeNull();
    await app().openExperiments();
    expect([app().current, app().subjects.length]).toEqual([null, 1]);
    expect(card().file).toBe('a.experiment.json');
    app().choose(app().subjects[0]!.id);
    expect(app().results[app().current!]!.report.spectra).toHaveLength(16);
  });
});

describe('links of experiments', () => {
  it('fill in the protocol in a fresh page and run nothing', async () => {
    const first = setup();
    await first.app().openExperiments();
    first.app().sizeExperiment('slopes', 'full');
    first.app().typeSetting('slopes', 'ranks', '3, 4');
    first.app().draftExperiment('slopes', { seed: '5', backend: 'webgpu' });
    await first.app().copyExperimentLink('slopes');
    expect(first.page.copied).toBe(`https://host.example/${first.page.fragment}`);
    expect(first.app().toast!.text).toContain(`${first.page.copied.length} characters`);
    expect(experimentOfLink(unpackLink(first.page.fragment))).toEqual({
      experiment: { name: 'slopes', size: 'full', changes: { ranks: [3, 4] }, seed: 5 },
      backend: 'webgpu',
    });

    const { app, card, client } = setup();
    await app().openLink(first.page.copied);
    expect([app().experimenting, app().experimentFocus, card().linked]).toEqual([true, 'slopes', true]);
    expect(client.requests).toEqual([]);
    expect(orderOf(fakeSummary, card())).toEqual(orderOf(fakeSummary, first.card()));
    await app().runExperiment('slopes');
    expect(client.requests).toMatchObject([{ order: { seed: 5 }, backend: 'webgpu' }]);
    expect(card().linked).toBe(false);
  });

  it('to what this version does not have are refused with a sentence', async () => {
    const { app, card } = setup();
    const link = (experiment: object) => ({ experiment: { name: 'slopes', size: 'small' as const, changes: {}, seed: 0, ...experiment }, backend: 'cpu-f64' as const });
    await app().openExperimentLink(link({ name: 'of-tomorrow' }));
    await app().openExperimentLink(link({ changes: { width: 3 } }));
    expect(app().refusals.map((r) => r.message)).toEqual([expect.stringContaining("the experiment 'of-tomorrow'"), expect.stringContaining("a setting 'width' of the experiment slopes")]);
    expect(card().linked).toBe(false);
    // A value out of range is shown in its field, with its sentence.
    await app().openExperimentLink(link({ changes: { ranks: [99] } }));
    expect(fieldComplaint(fakeSummary.fields[0]!, card())).toMatch(/not 99/);
  });
});

describe('going', () => {
  it('home leaves the page and its fragment; the results stay', async () => {
    const { app, card, page } = setup();
    await app().openExperiments();
    await app().runExperiment('slopes');
    page.fragment = '#experiments';
    app().goHome();
    expect([app().experimenting, page.fragment]).toEqual([false, '']);
    expect(card().result).not.toBeNull();
  });
});

describe('tableCsv', () => {
  it('keeps numbers as they are and makes no formula of anything else', () => {
    expect(tableCsv([['a, b', 'c'], ['-1.5e-3', '=1+1'], ['- x', '+2']])).toBe('"a, b",c\r\n-1.5e-3,\'=1+1\r\n\'- x,+2\r\n');
  });
});
