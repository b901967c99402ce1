import { describe, expect, it } from 'vitest';
import { decodeLink, defaultView, encodeLink } from '../../src/analysis/link';
import type { Report } from '../../src/analysis/report';
import { directionsCsv } from '../../src/store/csv';
import { directionsStage, listDirections, magnitudeOf, selectedDirection, shownDirections } from '../../src/store/directions';
import type { Environment } from '../../src/store/environment';
import { linkOf } from '../../src/store/link';
import { extendReport } from '../../src/store/report';
import { selectedLayer } from '../../src/store/selection';
import { createApp } from '../../src/store/store';
import { createFakeClient, fakeReport, fakeSpectrum } from '../view/fake-client';
import { fakeDirection } from '../view/fake-directions';

const directions = [
  fakeDirection({ layer: 'blocks.10', verdict: 'gauge', detector: 'symmetry' }),
  fakeDirection({ layer: 'blocks.2', verdict: 'singular' }),
  fakeDirection({ layer: 'blocks.2', verdict: 'singular', order: 3, lineOrder: 2, coefficient: 1 / 6 }),
  fakeDirection({ layer: 'blocks.1', verdict: 'unresolved', obstructions: [], lineOrder: null, sweep: null }),
  fakeDirection({ layer: 'blocks.1', verdict: 'regular', detector: 'spectral-tail' }),
];
const all = defaultView.directions;
const places = (sort: { key: string; descending: boolean } | null, filter = '', list = {}) =>
  listDirections(directions, { ...all, ...list, sort }, filter).map((row) => row.index);

describe('the list of directions', () => {
  it('is in the order of the report until it is sorted', () => {
    expect(places(null)).toEqual([0, 1, 2, 3, 4]);
  });

  it('sorts layers as people count, and keeps equals in their order', () => {
    expect(places({ key: 'layer', descending: false })).toEqual([3, 4, 1, 2, 0]);
  });

  it('puts flat after every order, and what is not known last whichever way round', () => {
    expect(places({ key: 'order', descending: false })).toEqual([4, 1, 2, 0, 3]);
    expect(places({ key: 'order', descending: true })).toEqual([0, 2, 1, 4, 3]);
    expect(places({ key: 'coefficient', descending: false })).toEqual([0, 2, 1, 4, 3]);
  });

  it('takes a key of a link that is no column for none', () => {
    for (const key of ['nothing', '__proto__', 'constructor']) expect(places({ key, descending: true })).toEqual([0, 1, 2, 3, 4]);
  });

  it('filters by verdict, detector and layer together', () => {
    expect(places(null, '', { verdict: 'singular' })).toEqual([1, 2]);
    expect(places(null, '', { detector: 'spectral-tail' })).toEqual([4]);
    expect(places(null, 'blocks.1', {})).toEqual([0, 3, 4]);
    expect(places(null, '*.2', {})).toEqual([1, 2]);
    expect(places(null, 'blocks.1', { verdict: 'singular' })).toEqual([]);
  });

  it('sorts thousands of rows', () => {
    const many = Array.from({ length: 5000 }, (_, i) => ({ ...directions[i % 5]!, layer: `blocks.${i % 97}.mlp` }));
    const rows = listDirections(many, { ...all, sort: { key: 'layer', descending: true } }, 'mlp');
    const numbers = rows.map((row) => Number(row.direction.layer.split('.')[1]));
    expect(numbers).toEqual(many.map((_, i) => i % 97).sort((x, y) => y - x));
  });
});

describe('magnitude', () => {
  it('is what survives at the order, the most that is left of a flat direction, and nothing where nothing was read', () => {
    expect(magnitudeOf(directions[1]!)).toEqual({ value: 0.25, kind: 'survives' });
    expect(magnitudeOf(directions[0]!)).toEqual({ value: 1e-15, kind: 'left' });
    expect(magnitudeOf(directions[3]!)).toBeNull();
  });
});

describe('directions as CSV', () => {
  it('quote names, and are no formulas', () => {
    const text = directionsCsv([fakeDirection({ layer: '=HYPERLINK("x")', note: 'a,b', evidence: 'He said "no",\nthen yes.' })]);
    const [header, ...lines] = text.trimEnd().split('\r\n');
    expect(header!.split(',')).toHaveLength(15);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toBe(`"'=HYPERLINK(""x"")",dead-unit,"a,b",2,2,singular,0.25,0.25,2,1.99,2.01,0.001,${directionsWindow()},1e-24,"He said ""no"",\nthen yes."`);
  });

  it('leave empty what does not exist', () => {
    expect(directionsCsv([directions[3]!]).split('\r\n')[1]).toBe(
      'blocks.1,dead-unit,"unit 3, incoming and outgoing weights zero",,,unresolved,,,,,,,,,Evidence of unresolved.',
    );
  });
});

function directionsWindow(): number {
  return fakeDirection().sweep!.window![1];
}

async function opened(changes: Partial<Report> = { directions }) {
  const environment: Environment = {
    client: createFakeClient(),
    fetchFile: async () => new Blob(['[]']),
    recall: () => null,
    remember: () => {},
    address: () => 'https://host.example/',
    setFragment: () => {},
    copyText: async () => {},
  };
  const store = createApp(environment);
  const layers = ['blocks.1', 'blocks.2', 'blocks.10'].map((name) => ({ name, width: 8, rank: 8 }));
  const report = { ...fakeReport(layers), spectra: [fakeSpectrum(layers[0]!, 'activation')], ...changes };
  await store.getState().openFiles([{ name: 'saved.json', file: new Blob([JSON.stringify(report)]) }]);
  return store;
}

describe('the selected direction', () => {
  it('is the first of the selected layer, and takes the layer along', async () => {
    const store = await opened();
    expect(selectedLayer(store.getState())).toBe('blocks.1');
    expect(selectedDirection(store.getState())!.index).toBe(3);
    store.getState().selectDirection(2);
    expect(selectedDirection(store.getState())!.index).toBe(2);
    expect(selectedLayer(store.getState())).toBe('blocks.2');
    store.getState().select('blocks.10');
    expect(selectedDirection(store.getState())!.index).toBe(0);
  });

  it('steps through what is in view and stays inside', async () => {
    const store = await opened();
    store.getState().look({ directions: { ...all, verdict: 'singular' } });
    expect(shownDirections(store.getState()).map((d) => d.index)).toEqual([1, 2]);
    store.getState().stepDirection(1);
    store.getState().stepDirection(1);
    expect(selectedDirection(store.getState())!.index).toBe(2);
    store.getState().stepDirection(-9);
    expect(selectedDirection(store.getState())!.index).toBe(1);
    store.getState().look({ directions: { ...all, detector: 'none of them' } });
    expect(selectedDirection(store.getState())).toBeNull();
    store.getState().stepDirection(1);
    store.getState().selectDirection(99);
    expect(store.getState().view.direction).toBe(1);
  });

  it('travels in a link with the tab and the filters', async () => {
    const store = await opened();
    store.getState().selectDirection(4);
    store.getState().look({ tab: 'directions', directions: { ...all, verdict: 'regular' } });
    const { view } = decodeLink(encodeLink(linkOf(store.getState())!));
    expect(view).toMatchObject({ tab: 'directions', direction: 4, layer: 'blocks.1', directions: { verdict: 'regular' } });
  });
});

describe('reading directions', () => {
  it('says what can be done', async () => {
    expect(directionsStage((await opened()).getState())).toBe('there');
    const store = await opened({});
    expect(directionsStage(store.getState())).toBe('impossible');
    await store.getState().openFiles([{ name: 'model.safetensors', file: new Blob(['x']) }]);
    expect(directionsStage(store.getState())).toBe('unread');
    store.getState().edit({ directions: true });
    const run = store.getState().run();
    await new Promise((resolve) => setTimeout(resolve, 0));
    await run;
    expect(store.getState().results[store.getState().current!]!.request!.directions).toBe(true);
  });

  it('adds directions as they come', () => {
    const report = fakeReport();
    const more = extendReport(report, [{ type: 'direction', direction: directions[0]! }]);
    expect(extendReport(more, [{ type: 'direction', direction: directions[1]! }]).directions).toEqual(directions.slice(0, 2));
    expect(report.directions).toBeUndefined();
  });
});
