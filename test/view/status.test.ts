import { expect, it } from 'vitest';
import { outputNote } from '../../src/analysis/recorded-outputs';
import type { Environment } from '../../src/store/environment';
import { createApp } from '../../src/store/store';
import { statusReport, statusText } from '../../src/view/status';
import { createFakeClient } from './fake-client';

it('the line tells what happens, and of outputs that were recorded only beside what was found', async () => {
  const environment = { client: createFakeClient(), recall: () => null, remember: () => {}, setFragment: () => {} } as unknown as Environment;
  const store = createApp(environment);
  const line = () => {
    const report = statusReport(store.getState());
    return [statusText(store.getState()), report && outputNote(report.probe)?.words];
  };
  expect(line()).toEqual(['ready', null]);
  await store.getState().openFiles([{ name: 'model.safetensors', file: new Blob(['x']) }]);
  const [[id, result]] = Object.entries(store.getState().results) as [[string, NonNullable<ReturnType<typeof store.getState>['results'][string]>]];
  const recorded = { name: 'logits', values: 6, difference: 2 ** -20, rounding: 2 ** -15, probabilities: false };
  store.setState({ results: { [id]: { ...result, report: { ...result.report, probe: { ...result.report.probe, recorded } } } } });
  const [found, note] = line();
  expect(found).toMatch(/^16 spectra of \d+ layers in /);
  expect(note).toBe('outputs agree with those recorded, to 9.5e-7');
  store.setState({ opening: 'other.pt' });
  expect(line()).toEqual(['opening other.pt …', null]);
  store.setState({ opening: null, running: id, progress: { phase: 'eigen', layer: 'fc1', done: 1, total: 2, secondsLeft: null } });
  expect(line()).toEqual(['solving spectra · fc1', null]);
});
