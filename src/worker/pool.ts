/** A pool of solver workers: jobs run in the order in which they come, each on the first worker that is free. */
import type { EigenResult, Gram, Solver } from '../numerics/types';
import type { WireError } from './protocol';
import { fromWire } from './rpc';

interface Job {
  gram: Gram;
  residuals: boolean;
  resolve(result: EigenResult): void;
  reject(error: unknown): void;
  signal: AbortSignal | undefined;
}

type Reply = { id: number; result: EigenResult } | { id: number; error: WireError };

export class SolverPool implements Solver {
  private readonly queue: Job[] = [];
  private readonly idle: Worker[] = [];
  private readonly busy = new Map<Worker, Job>();

  constructor(
    private readonly size: number,
    private readonly make: () => Worker,
  ) {}

  eigenvalues(gram: Gram, options: { residuals?: boolean; signal?: AbortSignal } = {}): Promise<EigenResult> {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      if (signal?.aborted) return reject(signal.reason);
      const job: Job = { gram, residuals: options.residuals ?? true, resolve, reject, signal };
      signal?.addEventListener('abort', () => this.abort(job), { once: true });
      this.queue.push(job);
      this.dispatch();
    });
  }

  dispose(): void {
    for (const worker of [...this.idle, ...this.busy.keys()]) worker.terminate();
    const error = new Error('the solver workers were stopped');
    for (const job of [...this.queue, ...this.busy.values()]) job.reject(error);
    this.queue.length = 0;
    this.idle.length = 0;
    this.busy.clear();
  }

  private dispatch(): void {
    while (this.queue.length > 0 && (this.idle.length > 0 || this.busy.size < this.size)) {
      const worker = this.idle.pop() ?? this.spawn();
      const job = this.queue.shift()!;
      this.busy.set(worker, job);
      worker.postMessage({ id: 0, gram: job.gram, residuals: job.residuals });
    }
  }

  private spawn(): Worker {
    const worker = this.make();
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      const job = this.busy.get(worker);
      this.busy.delete(worker);
      this.idle.push(worker);
      if ('result' in data) job?.resolve(data.result);
      else job?.reject(fromWire(data.error));
      this.dispatch();
    };
    worker.onerror = (event) => this.replace(worker, new Error(`a solver worker failed: ${event.message ?? 'unknown reason'}`));
    return worker;
  }

  /** A decomposition cannot be interrupted: its worker is stopped, and the next job starts a new one. */
  private abort(job: Job): void {
    const queued = this.queue.indexOf(job);
    if (queued >= 0) this.queue.splice(queued, 1);
    const worker = [...this.busy].find(([, j]) => j === job)?.[0];
    if (worker) this.replace(worker, job.signal!.reason);
    else job.reject(job.signal!.reason);
  }

  private replace(worker: Worker, reason: unknown): void {
    worker.terminate();
    const job = this.busy.get(worker);
    this.busy.delete(worker);
    job?.reject(reason);
    this.dispatch();
  }
}
