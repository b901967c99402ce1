/** The page's own way: an engine worker and its pool of solver workers. */
import { EngineClient } from '../../../src/worker/client';
import type { PeerModule } from '../implementation';

export const open: PeerModule['open'] = async () => {
  const workers: Worker[] = [];
  const client = new EngineClient(() => {
    const worker = new Worker(new URL('../../../src/worker/engine.worker.ts', import.meta.url), { type: 'module' });
    workers.push(worker);
    return worker;
  });
  return {
    name: `deadreckon-cpu-${Math.max(2, navigator.hardwareConcurrency)}-workers`,
    tasks: {
      analysis: ({ checkpoint, probe, samples }) => ({
        roundoff: 2 ** -53,
        async run() {
          const opened = await client.open([
            { file: new Blob([checkpoint]), name: 'network.safetensors' },
            { file: new Blob([probe]), name: 'probe.safetensors' },
          ]);
          const { id, request } = opened.checkpoints[0]!;
          const args = { id, probe: opened.probes[0]!.id, request: { ...request, samples, choices: { activation: 'relu' } } };
          const report = await client.analyze(args, () => {}, new AbortController().signal);
          return { result: () => report, phases: report.provenance.phases };
        },
      }),
    },
    dispose: () => workers.forEach((worker) => worker.terminate()),
  };
};
