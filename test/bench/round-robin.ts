/** Medians of interleaved runs: every round times each cell once, so that what disturbs the machine disturbs all alike. */
import { messageOf } from '../../src/base/errors';
import type { Host, Implementation, Job, Outcome, ProblemOf, ResultOf, Row, Task } from './implementation';
import { families, sizeName } from './problems';
import type { Size } from './problems';
import { checkOf } from './reference';

export interface Plan {
  readonly tasks: readonly Task[];
  /** Null: those of the families. */
  readonly sizes: readonly Size[] | null;
  readonly quick: boolean;
  /** Seconds that one run may take; a cell that would take longer, judged by its smaller sizes, is left out. */
  readonly longestRun: number;
  /** Beginnings of the implementations' names that are wanted; empty: all. */
  readonly implementations: readonly string[];
}

/** An implementation on one problem. */
interface Cell {
  readonly task: Task;
  readonly implementation: string;
  readonly job: Job<unknown>;
  readonly maxError: number;
  /** Milliseconds of the first run, which counts only where it was long. */
  readonly first: number;
  readonly runs: Run[];
  failed: boolean;
}

interface Run {
  readonly milliseconds: number;
  readonly phases?: Readonly<Record<string, number>>;
}

/** Threads of the run before may go on spinning for work for a while: OpenBLAS's do for some 20 ms. */
const SETTLE_MILLISECONDS = 30;

/** A first run longer than this is no warm-up any more, and is counted. */
const LONGEST_WARM_UP_SECONDS = 10;

/** At most so many rounds and, after the least runs, so many seconds for a cell; a cell whose one run takes longer gets that one. */
const MEASURE = {
  full: { rounds: 15, leastRuns: 3, secondsOfCell: 6 },
  quick: { rounds: 3, leastRuns: 1, secondsOfCell: 2 },
};

type Say = (line: string) => void;

/** Measures all that the plan asks for; `say` gets a line for whatever is left out. */
export async function measure(implementations: readonly Implementation[], plan: Plan, host: Host, say: Say): Promise<Row[]> {
  const rows: Row[] = [];
  for (const family of families) {
    const tasks = family.tasks.filter((task) => plan.tasks.includes(task) && implementations.some((one) => one.tasks[task]));
    const usual = plan.quick ? family.quickSizes : family.sizes;
    const sizes = plan.sizes?.filter((size) => size.length === usual[0]!.length) ?? usual;
    if (tasks.length === 0 || sizes.length === 0) continue;
    const first = family.first && family.work(family.first) < family.work(sizes[0]!) ? [family.first] : [];
    /** Seconds for a unit of work at the size before; Infinity after a failure. */
    const pace = new Map<string, number>();
    for (const size of [...first, ...sizes]) {
      const warming = size === first[0];
      say(`${host}: ${tasks.join(', ')} ${sizeName(size)}${warming ? ' (warming up)' : ''}`);
      const problem = family.make(size);
      const cells: Cell[] = [];
      for (const task of tasks) {
        for (const one of implementations.filter((one) => one.tasks[task])) {
          const key = `${task} ${one.name}`;
          const expected = (pace.get(key) ?? 0) * family.work(size);
          if (expected === Infinity) continue;
          if (expected > plan.longestRun) {
            say(`${key} ${sizeName(size)} left out: a run would take about ${expected.toFixed(0)} s`);
            continue;
          }
          const cell = await openCell(task, one, problem, say);
          if (cell) cells.push(cell);
          else pace.set(key, Infinity);
        }
      }
      await timeCells(cells, warming || plan.quick ? MEASURE.quick : MEASURE.full, say);
      for (const cell of cells) {
        cell.job.dispose?.();
        pace.set(`${cell.task} ${cell.implementation}`, cell.failed ? Infinity : median(cell.runs).milliseconds / 1000 / family.work(size));
        if (!warming && !cell.failed) rows.push(rowOf(cell, size, host));
      }
    }
  }
  return rows;
}

/** Prepares, runs once and checks. Null, and a line, where it fails or is wrong: a wrong result has no time. */
async function openCell<T extends Task>(task: T, one: Implementation, problem: ProblemOf<T>, say: Say): Promise<Cell | null> {
  let job: Job<ResultOf<T>> | undefined;
  try {
    job = await one.tasks[task]!(problem);
    const { outcome, ...run } = await timed(job);
    const { error, allowed } = checkOf(task, problem)(await outcome.result(), job.roundoff);
    if (!(error <= allowed)) throw new Error(`its error is ${error.toExponential(1)}, at most ${allowed.toExponential(1)} was expected`);
    const runs = run.milliseconds > 1000 * LONGEST_WARM_UP_SECONDS ? [run] : [];
    return { task, implementation: one.name, job, maxError: error, first: run.milliseconds, runs, failed: false };
  } catch (error) {
    job?.dispose?.();
    say(`${task} ${one.name} left out: ${messageOf(error)}`);
    return null;
  }
}

async function timeCells(cells: readonly Cell[], { rounds, leastRuns, secondsOfCell }: (typeof MEASURE)['full'], say: Say): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const cell of cells.filter((one) => !one.failed)) {
      const { job, runs, first } = cell;
      const spent = runs.reduce((sum, run) => sum + run.milliseconds, 0) / 1000;
      // The fastest: one run that was disturbed shall not be the last.
      const oneRun = Math.min(first, ...runs.map((run) => run.milliseconds)) / 1000;
      if (runs.length > 0 && (oneRun > secondsOfCell || (runs.length >= leastRuns && spent + oneRun / 2 > secondsOfCell))) continue;
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MILLISECONDS));
      try {
        const { milliseconds, phases } = await timed(job);
        runs.push({ milliseconds, phases });
      } catch (error) {
        cell.failed = true;
        say(`${cell.task} ${cell.implementation} left out: ${messageOf(error)}`);
      }
    }
  }
}

async function timed<R>(job: Job<R>): Promise<Run & { outcome: Outcome<R> }> {
  const begin = performance.now();
  const outcome = await job.run();
  const elapsed = performance.now() - begin;
  return { milliseconds: outcome.milliseconds ?? elapsed, phases: outcome.phases, outcome };
}

function rowOf({ task, implementation, runs, maxError }: Cell, size: Size, host: Host): Row {
  const { milliseconds, phases } = median(runs);
  const fastest = Math.min(...runs.map((run) => run.milliseconds));
  const row = { task, size: sizeName(size), implementation, milliseconds, host, runs: runs.length, fastest, maxError };
  return phases ? { ...row, phases: Object.fromEntries(Object.entries(phases).map(([phase, seconds]) => [phase, 1000 * seconds])) } : row;
}

/** The run in the middle; of an even number, the faster one of the two. */
function median(runs: readonly Run[]): Run {
  return [...runs].sort((a, b) => a.milliseconds - b.milliseconds)[(runs.length - 1) >> 1]!;
}
