/** Our float64 code on all cores: the page's engine with its pool of workers, and the same pool on threads of Node. */
import type { Report } from '../../../src/analysis/report';
import { EngineClient } from '../../../src/worker/client';
import { SolverPool, type PoolWorker } from '../../../src/worker/pool';
import type { AnalysisProblem, Implementation, PeerModule } from '../implementation';
import { analyzeHere } from './deadreckon-analysis';

export const open: PeerModule['open'] = async (host) => {
  const { pool, cores, analyze, dispose } = await (host === 'node' ? inNode() : inBrowser());
  return {
    name: `deadreckon-cpu-${cores}-workers`,
    tasks: {
      'gram-f64': ({ x, rows, columns }) => {
        const taps = Float64Array.from(x);
        return {
          roundoff: 2 ** -53,
          async run() {
            const { hi } = await pool.plainGramOfRows(taps, rows, columns);
            return { result: () => ({ hi }) };
          },
        };
      },
      'gram-exact': ({ x, rows, columns }) => {
        const taps = Float64Array.from(x);
        return {
          roundoff: 2 ** -104,
          async run() {
            const { hi, lo } = await pool.gramOfRows(taps, rows, columns);
            return { result: () => ({ hi, lo: lo! }) };
          },
        };
      },
      analysis: (problem) => ({
        roundoff: 2 ** -53,
        async run() {
          const report = await analyze(problem);
          return { result: () => report, phases: report.provenance.phases };
        },
      }),
    },
    dispose,
  } satisfies Implementation;
};

interface Cores {
  pool: SolverPool;
  cores: number;
  analyze(problem: AnalysisProblem): Promise<Report>;
  dispose(): void;
}

async function inNode(): Promise<Cores> {
  const { threadPool, threadProducts, threads } = await import('../../../src/cli/threads');
  const [pool, products] = [threadPool(), threadProducts()];
  const dispose = () => [pool, products].forEach((threads) => threads.dispose());
  return { pool, cores: threads(), analyze: (problem) => analyzeHere(problem, { pool, multiply: products.multiply }), dispose };
}

async function inBrowser(): Promise<Cores> {
  const cores = Math.max(2, navigator.hardwareConcurrency);
  const workers: Worker[] = [];
  const client = new EngineClient(() => {
    const worker = new Worker(new URL('../../../src/worker/engine.worker.ts', import.meta.url), { type: 'module' });
    workers.push(worker);
    return worker;
  });
  const pool = new SolverPool(cores, () => new Worker(new URL('../../../src/worker/solver.worker.ts', import.meta.url), { type: 'module' }) as PoolWorker);
  return {
    pool,
    cores,
    async analyze({ checkpoint, probe, samples }) {
      const opened = await client.open([
        { file: new Blob([checkpoint]), name: 'network.safetensors' },
        { file: new Blob([probe]), name: 'probe.safetensors' },
      ]);
      const { id, request } = opened.checkpoints[0]!;
      const args = { id, probe: opened.probes[0]!.id, request: { ...request, samples, choices: { activation: 'relu' } } };
      return client.analyze(args, () => {}, new AbortController().signal);
    },
    dispose() {
      pool.dispose();
      workers.forEach((worker) => worker.terminate());
    },
  };
}
