/** Times jobs on problems of growing size, within a budget: the larger the problem, the less its latency says. */

export interface ClimbOptions<Size> {
  /** From small to large; the first is small enough for every device. */
  readonly sizes: readonly Size[];
  /** Operations of a problem. */
  readonly work: (size: Size) => number;
  /** The jobs on a problem of this size, in a fixed order, and how to give its data back. */
  readonly at: (size: Size) => { readonly jobs: readonly (() => unknown)[]; release?(): void };
  /** Milliseconds. */
  readonly budget: number;
  readonly now: () => number;
}

export interface Climbed<Size> {
  /** The largest problem that every job has done. */
  readonly size: Size;
  /** Best time of each job on it, in milliseconds. */
  readonly times: readonly number[];
  /** Milliseconds that the climb took. */
  readonly spent: number;
}

/** Runs of each job on a problem at most: the best of them says whether the next problem fits, and is the time where none does. */
const ROUNDS = 3;

/**
 * A problem is begun only if it fits into what is left of the budget when time grows as work does, and a repetition only if it would
 * fit. So the budget is kept by every device on which the first problem is short; jobs take turns, and meet the same disturbances.
 */
export async function climb<Size>({ sizes, work, at, budget, now }: ClimbOptions<Size>): Promise<Climbed<Size>> {
  const start = now();
  const end = start + budget;
  let cost = 0;
  const fits = (i: number) => i < sizes.length && now() + (cost * work(sizes[i]!)) / work(sizes[i - 1]!) <= end;
  let reached: Omit<Climbed<Size>, 'spent'> | null = null;
  for (let i = 0; i === 0 || fits(i); i++) {
    const size = sizes[i]!;
    const began = now();
    const { jobs, release } = at(size);
    try {
      const preparation = now() - began;
      let times = await timed(jobs, now);
      cost = preparation + sum(times);
      for (let round = 1; round < ROUNDS && !fits(i + 1) && now() + sum(times) <= end; round++) {
        const again = await timed(jobs, now);
        times = times.map((time, job) => Math.min(time, again[job]!));
        cost = preparation + sum(times);
      }
      reached = { size, times };
    } finally {
      release?.();
    }
  }
  return { ...reached!, spent: now() - start };
}

async function timed(jobs: readonly (() => unknown)[], now: () => number): Promise<number[]> {
  const times: number[] = [];
  for (const job of jobs) {
    const began = now();
    await job();
    // Browsers round their clocks to as much as 0.1 ms.
    times.push(Math.max(now() - began, 0.1));
  }
  return times;
}

function sum(times: readonly number[]): number {
  return times.reduce((total, time) => total + time, 0);
}
