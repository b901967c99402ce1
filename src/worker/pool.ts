/** A pool of float64 workers: jobs start in the order in which they come, each on the first worker that is free. */
import type { ChainHooks, ChainJob, ChainResult, ChainWorkers } from '../analysis/chain-job';
import { joinGramParts, type GramPart } from '../numerics/cpu/gram-parts';
import { giveArray, takeArray } from '../numerics/cpu/storage';
import type { EigenResult, Gram, Solver } from '../numerics/types';
import type { WireError } from './protocol';
import { fromWire } from './rpc';

export type PoolJob =
  | { kind: 'gram'; x: Float64Array; rows: number; d: number }
  | { kind: 'gram-part'; x: Float64Array; rows: number; d: number; part: number; parts: number; plain: boolean }
  | { kind: 'eigenvalues'; gram: Gram; residuals: boolean }
  | ({ kind: 'chain' } & ChainJob);

/** `used`: the arrays of the job, which come back. `steps`: what a chain has done so far; the result is still to come. */
export type PoolReply = { result: unknown; used: Float64Array[] } | { error: WireError } | { steps: number };

/** What a Worker of the page and a thread of Node have in common. */
export interface PoolWorker {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  terminate(): unknown;
  onmessage: ((event: { data: PoolReply }) => void) | null;
  onerror: ((event: { message?: string }) => void) | null;
}

/** A job with its own copies of its arrays, which move: a message that is cloned is copied twice. That of a chain is small beside its work. */
function ownCopy(job: PoolJob): [PoolJob, ArrayBuffer[]] {
  if (job.kind === 'chain') return [job, []];
  if (job.kind !== 'eigenvalues') {
    const x = copied(job.x);
    return [{ ...job, x }, [x.buffer]];
  }
  const hi = copied(job.gram.hi);
  const lo = job.gram.lo && copied(job.gram.lo);
  return [{ ...job, gram: { ...job.gram, hi, lo } }, lo ? [hi.buffer, lo.buffer] : [hi.buffer]];
}

function copied(values: Float64Array): Float64Array<ArrayBuffer> {
  const copy = takeArray(values.length);
  copy.set(values);
  return copy;
}

interface Pending {
  job: PoolJob;
  resolve(result: never): void;
  reject(error: unknown): void;
  signal: AbortSignal | undefined;
  progress: ChainHooks['progress'];
}

/** Multiply-adds of a Gram from which on it is worth a copy of the rows for each worker. */
const WORTH_PARTS = 2 ** 26;

export class SolverPool implements Solver, ChainWorkers {
  private readonly queue: Pending[] = [];
  private readonly idle: PoolWorker[] = [];
  private readonly busy = new Map<PoolWorker, Pending>();

  constructor(
    readonly size: number,
    private readonly make: () => PoolWorker,
  ) {}

  eigenvalues(gram: Gram, options: { residuals?: boolean; signal?: AbortSignal } = {}): Promise<EigenResult> {
    return this.run({ kind: 'eigenvalues', gram, residuals: options.residuals ?? true }, options.signal);
  }

  chain(job: ChainJob, { signal, progress }: ChainHooks): Promise<ChainResult> {
    return this.run({ kind: 'chain', ...job }, signal, progress);
  }

  /** X^T X of X [rows, d]; by all workers together where none has anything else to do. The bits do not depend on it. */
  async gramOfRows(x: Float64Array, rows: number, d: number, signal?: AbortSignal): Promise<Gram> {
    const alone = this.queue.length + this.busy.size === 0;
    if (!alone || this.size === 1 || rows * d * d < WORTH_PARTS) return this.run({ kind: 'gram', x, rows, d }, signal);
    return this.inParts(x, rows, d, false, signal);
  }

  /** X^T X in float64 alone, by all workers together: for comparison, and where 53 bits will do. */
  plainGramOfRows(x: Float64Array, rows: number, d: number, signal?: AbortSignal): Promise<Gram> {
    return this.inParts(x, rows, d, true, signal);
  }

  private async inParts(x: Float64Array, rows: number, d: number, plain: boolean, signal?: AbortSignal): Promise<Gram> {
    const parts = Array.from({ length: this.size }, (_, part) =>
      this.run<GramPart>({ kind: 'gram-part', x, rows, d, part, parts: this.size, plain }, signal),
    );
    return joinGramParts(await Promise.all(parts));
  }

  dispose(): void {
    const error = new Error('the solver workers were stopped');
    for (const worker of [...this.idle, ...this.busy.keys()]) worker.terminate();
    for (const pending of [...this.queue, ...this.busy.values()]) pending.reject(error);
    this.queue.length = 0;
    this.idle.length = 0;
    this.busy.clear();
  }

  private run<R>(job: PoolJob, signal: AbortSignal | undefined, progress?: ChainHooks['progress']): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => this.abort(pending);
      const release = () => signal?.removeEventListener('abort', abort);
      const pending: Pending = {
        job,
        resolve: (result) => (release(), resolve(result)),
        reject: (error) => (release(), reject(error)),
        signal,
        progress,
      };
      signal?.addEventListener('abort', abort);
      this.queue.push(pending);
      this.dispatch();
    });
  }

  private dispatch(): void {
    while (this.queue.length > 0 && (this.idle.length > 0 || this.busy.size < this.size)) {
      const pending = this.queue.shift()!;
      // Its own abort comes next: no worker is started for it.
      if (pending.signal?.aborted) {
        pending.reject(pending.signal.reason);
        continue;
      }
      const worker = this.idle.pop() ?? this.spawn();
      this.busy.set(worker, pending);
      worker.postMessage(...ownCopy(pending.job));
    }
  }

  private spawn(): PoolWorker {
    const worker = this.make();
    worker.onmessage = ({ data }) => {
      const pending = this.busy.get(worker);
      if ('steps' in data) return pending?.progress?.(data.steps);
      this.busy.delete(worker);
      this.idle.push(worker);
      if ('result' in data) {
        data.used.forEach(giveArray);
        pending?.resolve(data.result as never);
      } else pending?.reject(fromWire(data.error));
      this.dispatch();
    };
    worker.onerror = (event) => this.replace(worker, new Error(`a solver worker failed: ${event.message ?? 'unknown reason'}`));
    return worker;
  }

  /** A job cannot be interrupted: its worker is stopped, and the next job starts a new one. */
  private abort(pending: Pending): void {
    const queued = this.queue.indexOf(pending);
    if (queued >= 0) this.queue.splice(queued, 1);
    const worker = [...this.busy].find(([, p]) => p === pending)?.[0];
    if (worker) this.replace(worker, pending.signal!.reason);
    else pending.reject(pending.signal!.reason);
  }

  private replace(worker: PoolWorker, reason: unknown): void {
    worker.terminate();
    const pending = this.busy.get(worker);
    this.busy.delete(worker);
    pending?.reject(reason);
    this.dispatch();
  }
}
