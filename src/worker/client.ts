/** The page's hold of the engine: restarts it when it dies or does not stop, and opens its files again behind the scenes. */
import type { AnalysisEvent, OpenedSummary } from '../analysis/events';
import type { Fetching, Kept } from '../analysis/remote';
import type { Client, ExperimentProgress, Method, Methods } from './protocol';
import { Caller, type Port } from './rpc';

/** An engine that has not stopped this long after a cancel is replaced. */
const GRACE_MILLISECONDS = 1500;
/** An engine that dies this often without answering anything in between is not started again. */
const MOST_FAILURES = 3;

/** A call that opened something. */
type Opening = { [M in 'open' | 'openRemote']: { method: M; args: Methods[M]['args'] } }['open' | 'openRemote'];

export function createEngineClient(): Client {
  return new EngineClient(() => new Worker(new URL('./engine.worker.ts', import.meta.url), { type: 'module' }));
}

export class EngineClient implements Client {
  private worker!: Worker;
  private caller!: Caller;
  /** Everything that was opened, in order: ids are given in order, so opening again gives the same ids. */
  private readonly opened: Opening[] = [];
  private addresses = 0;
  /** Resolves when a restarted engine has its files back. */
  private ready: Promise<unknown> = Promise.resolve();
  /** Deaths since the last answer. */
  private failures = 0;

  constructor(private readonly make: () => Worker) {
    this.start();
  }

  async open(files: readonly { file: Blob; name: string }[], signal?: AbortSignal): Promise<OpenedSummary> {
    await this.ready;
    const args = { files: [...files] };
    const result = await this.caller.call('open', args, undefined, signal).result;
    this.opened.push({ method: 'open', args });
    return result;
  }

  async openRemote(address: string, tell: (what: Fetching) => void, signal: AbortSignal): Promise<OpenedSummary> {
    await this.ready;
    const args = { address, prefix: `remote-${++this.addresses}-` };
    const result = await this.caller.call('openRemote', args, tell, signal).result;
    if (result.checkpoints.length + result.probes.length > 0) this.opened.push({ method: 'openRemote', args });
    return result;
  }

  async kept(clear: boolean): Promise<Kept> {
    await this.ready;
    return this.caller.call('kept', { clear }).result;
  }

  async experiments(): Promise<Methods['experiments']['result']> {
    await this.ready;
    return this.caller.call('experiments', null).result;
  }

  experiment(
    args: Methods['experiment']['args'],
    onProgress: (progress: ExperimentProgress) => void,
    signal: AbortSignal,
  ): Promise<Methods['experiment']['result']> {
    return this.stoppable('experiment', args, onProgress, signal);
  }

  async inspect(id: string, request: Methods['inspect']['args']['request'], probe: string | null): Promise<Methods['inspect']['result']> {
    await this.ready;
    return this.caller.call('inspect', { id, probe, request }).result;
  }

  analyze(args: Methods['analyze']['args'], onEvent: (event: AnalysisEvent) => void, signal: AbortSignal): Promise<Methods['analyze']['result']> {
    return this.stoppable('analyze', args, onEvent, signal);
  }

  trace(args: Methods['trace']['args'], onEvent: (event: Methods['trace']['event']) => void, signal: AbortSignal): Promise<Methods['trace']['result']> {
    return this.stoppable('trace', args, onEvent, signal);
  }

  llc(args: Methods['llc']['args'], onProgress: (progress: Methods['llc']['event']) => void, signal: AbortSignal): Promise<Methods['llc']['result']> {
    return this.stoppable('llc', args, onProgress, signal);
  }

  /** A call whose engine is replaced if it does not stop. */
  private async stoppable<M extends Method>(method: M, args: Methods[M]['args'], onEvent: (event: Methods[M]['event']) => void, signal: AbortSignal): Promise<Methods[M]['result']> {
    await this.ready;
    const caller = this.caller;
    const { result, settled } = caller.call(method, args, onEvent, signal);
    // What is asked next waits for the end of what was cancelled, which may be the end of the engine.
    signal.addEventListener('abort', () => (this.ready = Promise.all([this.ready, this.enforce(caller, settled)])), { once: true });
    return result;
  }

  /** Replaces the engine if a cancelled call goes on. */
  private async enforce(caller: Caller, settled: Promise<void>): Promise<void> {
    const stopped = await Promise.race([settled.then(() => true), new Promise<false>((r) => setTimeout(() => r(false), GRACE_MILLISECONDS))]);
    if (!stopped && caller === this.caller) await this.restart(new Error('the engine did not stop and was restarted'));
  }

  private start(): void {
    this.worker = this.make();
    this.caller = new Caller(this.worker as unknown as Port, () => (this.failures = 0));
    this.worker.onerror = (event) => {
      event.preventDefault();
      const why = event.message || 'it ran out of memory or failed to load';
      if (++this.failures >= MOST_FAILURES) this.caller.fail(new Error(`The engine does not run: ${why}. Reload the page to try again.`));
      else void this.restart(new Error(`The engine stopped: ${why}. It was started again; run once more.`));
    };
  }

  private restart(reason: Error): Promise<unknown> {
    this.worker.terminate();
    this.caller.fail(reason);
    this.start();
    const { caller } = this;
    return (this.ready = (async () => {
      for (const { method, args } of this.opened) await caller.call(method, args).result;
    })().catch(() => {}));
  }
}
