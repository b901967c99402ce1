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
  readonly runs: Run[];
}

interface Run {
  readonly milliseconds: number;
  readonly phases?: Readonly<Record<string, number>>;
}

/** Threads of the run before may go on spinning for work for a while: OpenBLAS's do for some 20 ms. */
const SETTLE_MILLISECONDS = 30;

const MEASURE = {
  full: { rounds: 15, secondsOfCell: 6 },
  quick: { rounds: 3, secondsOfCell: 2 },
};

/** Measures all that the plan asks for; `say` gets a line for whatever is left out. */
export async function measure(implementations: readonly Implementation[], plan: Plan, host: Host, say: (line: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const family of families) {
    const tasks = family.tasks.filter((task) => plan.tasks.includes(task));
    const usual = plan.quick ? family.quickSizes : family.sizes;
    const sizes = plan.sizes?.filter((size) => size.length === usual[0]!.length) ?? usual;
    if (tasks.length === 0 || sizes.length === 0 || !implementations.some((one) => tasks.some((task) => one.tasks[task]))) continue;
    // Seconds for one unit of work at the size measured last.
    const pace = new Map<string, number>();
    const first = family.first && family.work(family.first) < family.work(sizes[0]!) ? [family.first] : [];
    for (const size of [...first, ...sizes]) {
      const warming = size === first[0];
      say(`${host}: ${tasks.join(', ')} ${sizeName(size)}${warming ? ' (warming up)' : ''}`);
      const problem = family.make(size);
      const cells: Cell[] = [];
      for (const task of tasks) {
        for (const one of implementations) {
          const key = `${task} ${one.name}`;
          const expected = (pace.get(key) ?? 0) * family.work(size);
          if (expected > plan.longestRun) say(`${key} ${sizeName(size)} left out: a run would take about ${expected.toFixed(0)} s`);
          else if (one.tasks[task] && !(pace.get(key) === Infinity)) {
            const cell = await openCell(task, one, problem, say);
            if (cell) cells.push(cell);
            else pace.set(key, Infinity);
          }
        }
      }
      await timeCells(cells, warming || plan.quick ? MEASURE.quick : MEASURE.full);
      for (const cell of cells) {
        cell.job.dispose?.();
        pace.set(`${cell.task} ${cell.implementation}`, median(cell.runs).milliseconds / 1000 / family.work(size));
        if (!warming) rows.push(rowOf(cell, size, host));
      }
    }
  }
  return rows;
}

/** Prepares, runs once and checks. Null, and a line, where it fails or is wrong: a wrong result has no time. */
async function openCell<T extends Task>(task: T, one: Implementation, problem: ProblemOf<T>, say: (line: string) => void): Promise<Cell | null> {
  let job: Job<ResultOf<T>> | undefined;
  try {
    job = await one.tasks[task]!(problem);
    const { outcome, ...run } = await timed(job);
    const { error, allowed } = checkOf(task, problem)(await outcome.result(), job.roundoff);
    if (!(error <= allowed)) throw new Error(`its error is ${error.toExponential(1)}, at most ${allowed.toExponential(1)} was expected`);
    // A first run this long is no warm-up any more.
    return { task, implementation: one.name, job, maxError: error, runs: run.milliseconds > 1000 * MEASURE.full.secondsOfCell ? [run] : [] };
  } catch (error) {
    job?.dispose?.();
    say(`${task} ${one.name} left out: ${messageOf(error)}`);
    return null;
  }
}

async function timeCells(cells: readonly Cell[], { rounds, secondsOfCell }: (typeof MEASURE)['full']): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const { job, runs } of cells) {
      const spent = runs.reduce((sum, run) => sum + run.milliseconds, 0);
      if (runs.length > 0 && spent + spent / runs.length / 2 > 1000 * secondsOfCell) continue;
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MILLISECONDS));
      const { milliseconds, phases } = await timed(job);
      runs.push({ milliseconds, phases });
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
