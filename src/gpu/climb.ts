/** Times jobs on problems of growing size, within a budget: the larger the problem, the less its latency says. */

export interface ClimbOptions<Size> {
  /** From small to large; the first two are so small that they are mostly latency. */
  readonly sizes: readonly Size[];
  /** Operations of a problem. */
  readonly work: (size: Size) => number;
  /** The jobs on a problem of this size, in a fixed order, when its data is there; and how to give that back. */
  readonly at: (size: Size) => Promise<{ readonly jobs: readonly (() => unknown)[]; release?(): void }>;
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
/** Of a problem's time at least this share is taken to grow with its work, whatever the smaller problem took; the rest is latency. */
const LEAST_SHARE = 1 / 8;
/** What grows may grow this many times faster than it did. */
const MARGIN = 2;

/**
 * A problem is begun only if it fits into what is left of the budget, by the times of the two before it, and a repetition only if it
 * would fit. Jobs take turns, and meet the same disturbances.
 */
export async function climb<Size>({ sizes, work, at, budget, now }: ClimbOptions<Size>): Promise<Climbed<Size>> {
  const start = now();
  const end = start + budget;
  /** Milliseconds of each problem so far, with its preparation. */
  const costs: number[] = [];
  const fits = (i: number) => {
    if (i >= sizes.length) return false;
    if (i === 1) return now() + costs[0]! <= end;
    const [before, last, next] = [i - 2, i - 1, i].map((k) => work(sizes[k]!)) as [number, number, number];
    const cost = costs[i - 1]!;
    const growth = Math.max((cost - costs[i - 2]!) / (last - before), (LEAST_SHARE * cost) / last);
    return now() + cost + MARGIN * growth * (next - last) <= end;
  };
  let reached: Omit<Climbed<Size>, 'spent'> | null = null;
  for (let i = 0; i === 0 || fits(i); i++) {
    const size = sizes[i]!;
    const began = now();
    const { jobs, release } = await at(size);
    try {
      const preparation = now() - began;
      let times = await timed(jobs, now);
      costs[i] = preparation + sum(times);
      for (let round = 1; round < ROUNDS && !fits(i + 1) && now() + sum(times) <= end; round++) {
        const again = await timed(jobs, now);
        times = times.map((time, job) => Math.min(time, again[job]!));
        costs[i] = preparation + sum(times);
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
