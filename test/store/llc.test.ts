import { describe, expect, it } from 'vitest';
import { llcCost } from '../../src/analysis/llc-cost';
import { parseLlcCurve } from '../../src/analysis/llc-curve';
import { parseLlc } from '../../src/analysis/llc-file';
import { LlcRequest } from '../../src/analysis/llc-record';
import { llcCsv } from '../../src/store/csv';
import type { Environment } from '../../src/store/environment';
import { busyWith } from '../../src/store/experiments';
import { comparisonOf, llcPlan, repeatsOf, resultsOf } from '../../src/store/llc';
import { blankLlc, llcComplaint, llcRequestOf, type LlcField } from '../../src/store/llc-draft';
import { createApp } from '../../src/store/store';
import { createFakeClient, fakeReport } from '../view/fake-client';
import { fakeLlc } from '../view/fake-llc';

function setup(pause = 0) {
  const client = createFakeClient({ pause });
  const environment: Environment = {
    client,
    fetchFile: async () => new Blob(['[]']),
    recall: () => null,
    remember: () => {},
    address: () => 'https://host.example/',
    setFragment: () => {},
    copyText: async () => {},
  };
  const store = createApp(environment);
  const app = () => store.getState();
  const here = () => resultsOf(app(), 'sha256:a.safetensors');
  return { client, app, here };
}
const file = (name: string, content: unknown = '') => ({ name, file: new Blob([typeof content === 'string' ? content : JSON.stringify(content)]) });
const runs = (requests: unknown[]) => requests.filter((r) => 'llc' in (r as object)) as { llc: LlcRequest; request: { samples: number } }[];

describe('the settings as they are typed', () => {
  it('are the defaults of the request where nobody touched them', () => {
    expect(llcRequestOf(blankLlc, 100)).toEqual(LlcRequest.parse({}));
  });

  it.each([
    ['chains', '0', /1 to 1000/],
    ['chains', '', /1 to 1000/],
    ['draws', '1', /at least 2/],
    ['step', '-1', /above 0/],
    ['step', 'small', /above 0/],
    ['gammas', '1, -2', /at least 0/],
    ['gammas', '', /at least 0/],
    ['batch', '101', /The probe has 100 samples/],
    ['seed', '1.5', /0 to 4294967295/],
  ] as [LlcField, string, RegExp][])('%s = "%s" has a sentence and cannot be run', (field, text, words) => {
    const draft = { ...blankLlc, [field]: text };
    expect(llcComplaint(field, draft, 100)).toMatch(words);
    expect(llcRequestOf(draft, 100)).toBeNull();
  });

  it('adjusted steps and minibatches exclude each other', () => {
    expect(llcComplaint('batch', { ...blankLlc, adjusted: true, batch: '10' }, 100)).toMatch(/all samples/);
    expect(llcRequestOf({ ...blankLlc, adjusted: true, batch: '100' }, 100)).toMatchObject({ adjusted: true, batch: 100 });
  });
});

describe('what it would take', () => {
  it('counts the passes of the chains, of the calibration, and of minibatches', () => {
    const of = { weights: 1000, samples: 100, positions: 1 };
    expect(llcCost(LlcRequest.parse({ step: 0.1 }), of).passes).toBe(8004);
    expect(llcCost(LlcRequest.parse({}), of).passes).toBe(8004 + 7 * 2 * 501 + 13);
    expect(llcCost(LlcRequest.parse({ step: 0.1, batch: 25 }), of).passes).toBe(2001);
    expect(llcCost(LlcRequest.parse({ step: 0.1 }), of, 0.01).seconds).toBeCloseTo(80.04, 9);
  });

  it('is told for a network, follows an earlier run, and is refused with its reason', async () => {
    const { app } = setup();
    expect(llcPlan(app()).kind).toBe('no-weights');
    await app().openFiles([file('a.safetensors')]);
    expect(llcPlan(app())).toMatchObject({ kind: 'ready', samples: 961, targets: false, measured: false });
    expect(llcPlan(app())).toBe(llcPlan(app()));
    await app().openFiles([file('probe.npz')]);
    expect(llcPlan(app())).toMatchObject({ samples: 128, targets: true });
    await app().chooseProbe(null);
    // How many samples a text has, and that it labels itself, is known of it and the network together.
    await app().openFiles([file('words.txt'), file('tokenizer.json')]);
    expect(llcPlan(app())).toMatchObject({ samples: 128, targets: true, cost: { passes: expect.any(Number) } });
    await app().openFiles([file('old.json', fakeReport())]);
    expect(llcPlan(app()).kind).toBe('no-weights');
  });
});

describe('a run', () => {
  it('brings its record; a repeat has another seed and stands beside it', async () => {
    const { app, here, client } = setup();
    await app().openFiles([file('a.safetensors')]);
    app().draftLlc({ draws: '200', step: '0.5' });
    await app().runLlc();
    expect(runs(client.requests)[0]).toMatchObject({ llc: { draws: 200, step: 0.5, seed: null }, request: { samples: 961 } });
    expect(here()).toMatchObject([{ file: null, record: { llc: 4, checkpoint: { name: 'a.safetensors' } } }]);
    await app().runLlc(true);
    await app().runLlc(true);
    expect(repeatsOf(here()).map((r) => [r.settings.seed, r.llc])).toEqual([[0, 4], [1, 4.1], [2, 4.2]]);
    app().draftLlc({ draws: '300' });
    await app().runLlc();
    expect(repeatsOf(here())).toHaveLength(1);
    expect(app().llcRun).toBeNull();
  });

  it('is one at a time, tells its progress, and a cancelled one leaves what was there', async () => {
    const { app, here } = setup(60);
    await app().openFiles([file('a.safetensors')]);
    await app().runLlc();
    const before = here();
    const run = app().runLlc();
    expect(busyWith(app())).toBe('an LLC is being sampled');
    await app().runLlc();
    for (let i = 0; i < 40 && !app().llcRun?.progress; i++) await new Promise((r) => setTimeout(r, 20));
    expect(app().llcRun!.progress).toMatchObject({ part: expect.any(Number), phase: expect.stringMatching(/^(calibration|chains)$/) });
    app().cancelLlc();
    expect(app().llcRun).toBeNull();
    await run;
    expect(here()).toBe(before);
    expect(app().llcErrors).toEqual({});
  });

  it('that fails says why, until the next one', async () => {
    const { app, here } = setup();
    await app().openFiles([file('a.safetensors')]);
    app().draftLlc({ seed: '13' });
    await app().runLlc();
    expect(Object.values(app().llcErrors)).toEqual([expect.stringContaining('needs two or more')]);
    expect(here()).toEqual([]);
    app().draftLlc({ seed: '' });
    await app().runLlc();
    expect(app().llcErrors).toEqual({});
  });
});

describe('what was made elsewhere', () => {
  it('a dropped record stands at its checkpoint, whether that is open or comes later', async () => {
    const { app, here } = setup();
    const record = fakeLlc({}, { name: 'a.safetensors', format: 'safetensors', fingerprint: 'sha256:a.safetensors' });
    await app().openFiles([file('a.llc.json', record)]);
    expect(app().toast?.text).toMatch(/LLC of a\.safetensors is kept/);
    await app().openFiles([file('a.safetensors')]);
    expect(here()).toEqual([{ file: 'a.llc.json', record }]);
    await app().openFiles([file('again.llc.json', record)]);
    expect(app().view.tab).toBe('llc');
  });

  it('a curve is taken out of a drop, and meets what was sampled here by name', async () => {
    const { app } = setup();
    await app().openFiles([file('run/a.safetensors'), file('curve.csv', 'checkpoint,llc,std\na,3.5,0.2\nb,7,0.1\n')]);
    expect(app().llcCurve).toMatchObject({ file: 'curve.csv', points: [{ checkpoint: 'a', llc: 3.5 }, { checkpoint: 'b' }] });
    expect(app().current).not.toBeNull();
    await app().runLlc();
    expect(comparisonOf(app())).toMatchObject([{ checkpoint: 'run/a.safetensors', difference: 0.5, theirs: { checkpoint: 'a' } }]);
    await app().openFiles([file('other.csv', 'a,b\n1,2\n')]);
    expect(app().refusals.at(-1)!.message).toMatch(/names no checkpoint/);
    expect(app().llcCurve!.file).toBe('curve.csv');
    app().forgetLlcCurve();
    expect(app().llcCurve).toBeNull();
  });

  it('the exported CSV is a curve, and the exported JSON a record', () => {
    const record = fakeLlc({ seed: 1 });
    expect(parseLlcCurve(llcCsv([record]), 'x.csv')).toEqual([{ checkpoint: record.checkpoint.name, llc: 4.1, std: 0.05 }]);
    expect(parseLlc(JSON.stringify(record), 'x.json')).toEqual([record]);
    expect(parseLlc(JSON.stringify({ records: [record, record], comparison: [] }), 'x.json')).toHaveLength(2);
    const refused = (text: string) => {
      try {
        return parseLlc(text, 'x.json');
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(refused('{"kind":')).toBe('llc-json');
    expect(refused(JSON.stringify({ ...record, schema: 2 }))).toBe('llc-version');
    expect(refused(JSON.stringify({ ...record, llc: 'four' }))).toBe('llc-schema');
  });
});
