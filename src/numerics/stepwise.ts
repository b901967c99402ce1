/** Long computations written once as generators that pause between short steps, run either at once or between events. */
import { breathe } from '../base/breathe';

/** A computation that can be paused at every `yield` and stopped there for good. */
export type Steps<Result> = Generator<void, Result, void>;

/** The longest we keep the event loop waiting, in milliseconds; a step itself is meant to be shorter. */
const SLICE_MS = 25;

export function runAtOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Runs with a breath every `SLICE_MS`; throws AbortError when `signal` is aborted. */
export async function runBreathing<Result>(steps: Steps<Result>, signal?: AbortSignal): Promise<Result> {
  signal?.throwIfAborted();
  let started = performance.now();
  try {
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      if (performance.now() - started > SLICE_MS) {
        await breathe(signal);
        started = performance.now();
      }
    }
  } finally {
    // An aborted computation gives back what it holds.
    steps.return(undefined as never);
  }
}
