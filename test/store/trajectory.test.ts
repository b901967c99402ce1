import { describe, expect, it } from 'vitest';
import type { Environment } from '../../src/store/environment';
import { currentRun, pathInView, shownFits, shownTrajectory, traceStage } from '../../src/store/trajectory';
import { trajectoryCsv } from '../../src/store/trajectory-csv';
import { encodeLink } from '../../src/analysis/link';
import { linkOf } from '../../src/store/link';
import { createApp } from '../../src/store/store';
import { createFakeClient, fakeLayers, type FakeOptions } from '../view/fake-client';
import { fakeDirection } from '../view/fake-directions';
import { fakeTrajectory } from '../view/fake-trajectory';

function setup(options: FakeOptions = {}) {
  const client = createFakeClient({ layers: fakeLayers.slice(0, 2), ...options });
  const environment: Environment = {
    client,
    fetchFile: async () => new Blob(['[]']),
    recall: () => null,
    remember: () => {},
    address: () => '',
    setFragment: () => {},
    copyText: async () => {},
  };
  return { store: createApp(environment), client };
}

const files = (...names: string[]) => names.map((name) => ({ name, file: new Blob(['x']) }));
const until = async (test: () => boolean) => {
  for (let i = 0; i < 300 && !test(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(test()).toBe(true);
};

describe('a drop of several checkpoints', () => {
  it('is ordered, shows the last one, and waits for Trace where that takes long', async () => {
    const { store, client } = setup();
    await store.getState().openFiles(files('run/step100.pt', 'run/step20.pt', 'run/step3.pt'));
    const state = store.getState();
    const run = currentRun(state)!;
    expect(run.members.map((m) => [m.subject.name, m.step])).toEqual([['run/step3.pt', 3], ['run/step20.pt', 20], ['run/step100.pt', 100]]);
    expect(run.by).toBe('names');
    expect(state.view.tab).toBe('trajectory');
    expect(state.subjects.find((s) => s.id === state.current)!.name).toBe('run/step100.pt');
    expect(traceStage(state)).toBe('none');

    await store.getState().trace();
    expect(client.requests.at(-1)).toMatchObject({ path: { kind: 'run', members: run.members.map((m) => ({ id: m.subject.id, step: m.step })), reference: null }, probe: null, earlier: null });
    expect(traceStage(store.getState())).toBe('all');
    expect(shownTrajectory(store.getState())!.points).toHaveLength(3);
  });

  it('asks where it cannot tell, and takes steps and moves', async () => {
    const { store } = setup();
    await store.getState().openFiles(files('init.pt', 'final.pt', 'middle.pt'));
    const names = () => currentRun(store.getState())!.members.map((m) => m.subject.name);
    const idOf = (name: string) => currentRun(store.getState())!.members.find((m) => m.subject.name === name)!.subject.id;
    expect(currentRun(store.getState())!.by).toBeNull();
    expect(store.getState().view.tab).toBe('spectra');
    expect(names()).toEqual(['final.pt', 'init.pt', 'middle.pt']);
    store.getState().moveMember(idOf('final.pt'), 2);
    expect(names()).toEqual(['init.pt', 'middle.pt', 'final.pt']);
    expect(currentRun(store.getState())!.by).toBe('person');
    for (const [name, step] of [['init.pt', 7], ['middle.pt', 5], ['final.pt', 9]] as const) store.getState().setStep(idOf(name), step);
    store.getState().confirmOrder();
    expect(names()).toEqual(['middle.pt', 'init.pt', 'final.pt']);
    // Moved with their steps known, the steps stay ascending.
    store.getState().moveMember(idOf('init.pt'), -1);
    expect(currentRun(store.getState())!.members.map((m) => m.step)).toEqual([5, 7, 9]);
    // One more of the run comes last.
    await store.getState().openFiles(files('later.pt'));
    expect(names().at(-1)).toBe('later.pt');
  });
});

describe('tracing', () => {
  const opened = async (options: FakeOptions = {}) => {
    const made = setup(options);
    await made.store.getState().openFiles(files(...Array.from({ length: 8 }, (_, i) => `step${i + 1}.pt`)));
    return made;
  };

  it('a cancel keeps what is finished; resume hands it over', async () => {
    const { store, client } = await opened({ pause: 5 });
    const tracing = store.getState().trace();
    await until(() => (shownTrajectory(store.getState())?.points.length ?? 0) >= 3);
    expect(traceStage(store.getState())).toBe('running');
    store.getState().stopTracing();
    await tracing;
    const kept = shownTrajectory(store.getState())!.points.length;
    expect(kept).toBeGreaterThanOrEqual(3);
    expect(kept).toBeLessThan(8);
    expect(traceStage(store.getState())).toBe('part');
    expect(store.getState().tracing).toBeNull();
    await store.getState().trace();
    expect((client.requests.at(-1) as { earlier: { points: unknown[] } }).earlier.points).toHaveLength(kept);
    expect(traceStage(store.getState())).toBe('all');
    expect(shownTrajectory(store.getState())!.points.map((p) => p.step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('another reference, another checkpoint: what is shown is part of what is asked for', async () => {
    const { store, client } = await opened();
    await store.getState().trace();
    const first = currentRun(store.getState())!.members[0]!.subject.id;
    store.getState().measureTo(first);
    expect(traceStage(store.getState())).toBe('part');
    expect(pathInView(store.getState())!.path).toMatchObject({ reference: 0 });
    await store.getState().trace();
    expect(client.requests.at(-1)).toMatchObject({ path: { reference: 0 } });
  });

  it('slopes follow the cut, the axis and the window in view', async () => {
    const { store } = await opened();
    await store.getState().trace();
    const fits = () => shownFits(store.getState());
    // The last two eigenvalues are those of the fake times distance squared.
    for (const fit of fits()) {
      expect(fit).toMatchObject({ died: 2, deficit: 2 });
      expect(fit.volume!.value).toBeCloseTo(4, 8);
      expect(fit.ratio!.value).toBeCloseTo(2, 8);
    }
    expect(fits()).toBe(fits());
    store.getState().lookAlong({ window: [1, 4] });
    expect(fits()[0]!.points).toEqual([1, 2, 3, 4]);
    store.getState().lookAlong({ window: null, axis: 'step' });
    expect(fits()[0]!.law).toBe('exponential');
    const lines = trajectoryCsv(store.getState()).trim().split('\r\n');
    expect(lines[0]).toBe('layer,side,quantity,point,checkpoint,step,distance,value,half_width,limited_by');
    expect(lines.filter((l) => l.includes(',lambdaMax,'))).toHaveLength(4 * 8);
    expect(lines).toContain(`${fits()[0]!.layer},${fits()[0]!.side},r,,,,,2,,`);
  });

  it('alone, a checkpoint has a line through it', async () => {
    const { store, client } = setup();
    await store.getState().openFiles(files('model.pt'));
    expect(currentRun(store.getState())).toBeNull();
    await store.getState().trace();
    expect(client.requests.at(-1)).toMatchObject({ path: { kind: 'line', seed: 7 } });
    expect(shownTrajectory(store.getState())!.path).toBe('line');
  });
});

it('a direction of the report is gone along, and a random one after it', async () => {
  const { store, client } = setup();
  await store.getState().openFiles(files('model.pt'));
  await store.getState().run();
  const [id, result] = Object.entries(store.getState().results)[0]!;
  const directions = [1, 2].map((unit) => fakeDirection({ layer: fakeLayers[0]!.name, note: `unit ${unit}` }));
  store.setState({ results: { [id]: { ...result, report: { ...result.report, directions } } } });
  await store.getState().slopeAlong(1);
  const { detector, layer, note } = directions[1]!;
  expect(client.requests.at(-1)).toMatchObject({ path: { kind: 'line', direction: { detector, layer, note, index: 1 } } });
  expect(store.getState().view.tab).toBe('trajectory');
  expect(shownTrajectory(store.getState())!.direction).toMatchObject({ detector, layer, note });
  // It is there: nothing is asked for again.
  const asked = client.requests.length;
  await store.getState().slopeAlong(1);
  expect(client.requests.length).toBe(asked);
  store.getState().lookAlong({ direction: null });
  expect(shownTrajectory(store.getState())).toBeNull();
  await store.getState().openFiles(files('other.pt'));
  expect(store.getState().pathView.direction).toBeNull();
});

it('a link restores what of a trajectory is in view, and its points where that takes seconds', async () => {
  const { store } = setup();
  await store.getState().openFiles(files('model.pt'));
  await store.getState().trace();
  store.getState().look({ tab: 'trajectory', layer: fakeLayers[1]!.name });
  store.getState().lookAlong({ window: [2, 5], reading: 'trace', axis: 'log distance', at: 3 });
  const link = linkOf(store.getState())!;
  expect(link.path).toEqual({ ...store.getState().pathView, kind: 'line' });

  const other = setup();
  const { open } = other.client;
  other.client.open = async (...args) => {
    const opened = await open(...args);
    return { ...opened, checkpoints: opened.checkpoints.map((c) => ({ ...c, cost: 0.1 })) };
  };
  other.client.inspect = async (id) => ({ ...other.store.getState().subjects.find((s) => s.id === id)!.inspection! });
  await other.store.getState().openLink(encodeLink(link));
  await other.store.getState().openFiles(files('model.pt'));
  await until(() => traceStage(other.store.getState()) === 'all');
  const { view, pathView } = other.store.getState();
  expect(pathView).toEqual(link.path);
  expect([view.tab, view.layer]).toEqual(['trajectory', fakeLayers[1]!.name]);
  expect(shownFits(other.store.getState())[0]!.points).toEqual([2, 3, 4, 5]);
  // Without a trajectory in view a link says nothing of one.
  expect(linkOf(setup().store.getState())?.path).toBeUndefined();
});

it('a saved trajectory opens by itself, with its last point as the report', async () => {
  const { store, client } = setup();
  const saved = fakeTrajectory(fakeLayers.slice(0, 2), { kind: 'line', id: 'x', seed: 0, direction: null });
  client.open = async () => ({ checkpoints: [], probes: [], reports: [], experiments: [], llcs: [], trajectories: [saved], sideFiles: [], refusals: [] });
  await store.getState().openFiles(files('run.trajectory.json'));
  const state = store.getState();
  expect(state.view.tab).toBe('trajectory');
  expect(shownTrajectory(state)).toBe(saved);
  expect(state.results[state.current!]!.report.spectra).toHaveLength(4);
  expect(traceStage(state)).toBe('all');
  expect(pathInView(state)).toBeNull();
});
