/** numpy, or torch with CUDA, in a child process, where `python3` has it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { EigenProblem, EigenResult, GramProblem, GramResult, Implementation, Job } from '../implementation';

type Answer = { readonly milliseconds?: number; readonly version?: string };

export async function pythonImplementation(name: string, library: 'numpy' | 'torch', product: 'gram' | 'gemm'): Promise<Implementation> {
  const child = spawn('python3', [join(import.meta.dirname, 'python_child.py'), library], { stdio: ['pipe', 'pipe', 'ignore'] });
  const waiting: { resolve(answer: Answer): void; reject(error: Error): void }[] = [];
  let gone: Error | null = null;
  const end = () => {
    gone = new Error(`python3 on PATH has no ${library === 'torch' ? 'numpy and torch with CUDA' : 'numpy'}, or it stopped`);
    for (const { reject } of waiting.splice(0)) reject(gone);
  };
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.resolve(JSON.parse(line))).on('close', end);
  child.on('error', end);
  child.stdin.on('error', end);
  const next = () => new Promise<Answer>((resolve, reject) => (gone ? reject(gone) : waiting.push({ resolve, reject })));
  const { version } = await next();
  const folder = mkdtempSync(join(tmpdir(), 'deadreckon-bench-'));
  const file = join(folder, 'array');
  const send = (request: object) => void child.stdin.write(`${JSON.stringify(request)}\n`);
  const ask = (request: object): Promise<Answer> => {
    send(request);
    return next();
  };
  let keys = 0;

  async function job<R>(
    what: string,
    values: Float32Array | Float64Array,
    shape: readonly number[],
    dtype: 'f4' | 'f8',
    read: (saved: Float64Array) => R,
  ): Promise<Job<R>> {
    const key = keys++;
    writeFileSync(file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    await ask({ load: file, key, shape, stored: values instanceof Float32Array ? 'f4' : 'f8', dtype });
    return {
      roundoff: dtype === 'f4' ? 2 ** -24 : 2 ** -53,
      async run() {
        const { milliseconds } = await ask({ run: what, key });
        const result = async () => {
          await ask({ save: file });
          return read(new Float64Array(Uint8Array.from(readFileSync(file)).buffer));
        };
        return { milliseconds: milliseconds!, result };
      },
      dispose: () => send({ drop: key }),
    };
  }
  const gram = (dtype: 'f4' | 'f8') => ({ x, rows, columns }: GramProblem) => job<GramResult>(product, x, [rows, columns], dtype, (hi) => ({ hi }));
  const eigenvalues = ({ a, n }: EigenProblem) => job<EigenResult>('eigenvalues', a, [n, n], 'f8', (values) => ({ values }));
  const eigenvectors = ({ a, n }: EigenProblem) =>
    job<EigenResult>('eigenvectors', a, [n, n], 'f8', (saved) => ({
      values: saved.subarray(0, n),
      vectors: Float64Array.from({ length: n * n }, (_, k) => saved[n + (k % n) * n + Math.floor(k / n)]!),
    }));
  return {
    name,
    version: `${library} ${version}`,
    tasks: { 'gram-f32': gram('f4'), 'gram-f64': gram('f8'), ...(product === 'gram' && { eigenvalues, eigenvectors }) },
    dispose() {
      child.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
