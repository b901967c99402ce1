/** Result files of experiments: what was written comes back, what is hostile is refused by the name of the field. */
import { describe, expect, it } from 'vitest';
import { Session } from '../../src/analysis/session';
import { parseExperiment } from '../../src/analysis/experiment-file';
import { bufferSource } from '../../src/checkpoint/sources';
import { fakeRecord } from '../view/fake-experiments';

const source = (name: string, text: string) => bufferSource(name, new TextEncoder().encode(text));
const record = fakeRecord();
const [plot] = record.plots;
const [series] = plot!.series;
const withSeries = (changes: object) => ({ ...record, plots: [{ ...plot, series: [{ ...series, ...changes }] }] });

describe('a saved experiment', () => {
  it('comes back with the fields of its own recipe', () => {
    expect(parseExperiment(JSON.stringify(record), 'x.json')).toEqual(record);
  });

  it('opens among other files, also as the command line writes it', async () => {
    const { experiments, reports, refusals } = await new Session().open([
      source('run/slopes.json', `${JSON.stringify(record, null, 2)}\n`),
      source('cut.json', JSON.stringify(record).slice(0, -9)),
      source('newer.json', JSON.stringify({ ...record, schema: 2 })),
    ]);
    expect(experiments).toEqual([{ file: 'run/slopes.json', record }]);
    expect(reports).toEqual([]);
    expect(refusals.map((r) => [r.file, r.code])).toEqual([
      ['cut.json', 'bad-json'],
      ['newer.json', 'experiment-version'],
    ]);
  });

  it('is refused once where it is wrong, and not also as JSON without tensors', async () => {
    const { refusals } = await new Session().open([source('odd.json', JSON.stringify({ ...record, seed: 'x' }))]);
    expect(refusals.map((r) => r.code)).toEqual(['experiment-schema']);
  });

  it.each([
    ['cut', JSON.stringify(record).slice(0, 80), /odd\.json is not readable JSON/],
    ['of a newer version', { ...record, schema: 7 }, /version 7.*newer/s],
    ['of another kind', { ...record, kind: 'other' }, /kind/],
    ['without a table', { ...record, table: 'x' }, /table/],
    ['with a number in the table', { ...record, table: [['a'], [1]] }, /table\.1\.0/],
    ['with a wrong protocol', { ...record, protocol: { charts: '3' } }, /protocol\.charts/],
    ['with too many plots', { ...record, plots: Array.from({ length: 33 }, () => plot) }, /plots/],
    ['with too many points', withSeries({ x: new Array(10_001).fill(1) }), /plots\.0\.series\.0\.x/],
    ['with fewer values than points', withSeries({ y: [1] }), /plots\.0\.series\.0\.y.*1 entries where x has 4/s],
    ['with fewer labels than points', withSeries({ labels: [] }), /plots\.0\.series\.0\.labels/],
    ['with endless text', { ...record, summary: 'x'.repeat(4001) }, /summary/],
    ['with an infinite number', JSON.stringify(record).replace('"seed":0', '"seed":1e999'), /seed/],
    ['with no time', { ...record, provenance: { ...record.provenance, seconds: -1 } }, /provenance\.seconds/],
    ['that is null', 'null', /the top level/],
  ])('%s is refused with a sentence', (_, data, message) => {
    expect(() => parseExperiment(typeof data === 'string' ? data : JSON.stringify(data), 'odd.json')).toThrow(message);
  });

  it('pollutes nothing', () => {
    const text = JSON.stringify(record).replace('"protocol":{', '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"protocol":{');
    const back = parseExperiment(text, 'p.json') as { polluted?: number };
    expect(back.polluted).toBeUndefined();
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});
