/** What is measured, and the one interface of everything that is measured: ours and the peers. */
import type { Report } from '../../src/analysis/report';

export const TASKS = ['gram-f32', 'gram-f64', 'gram-exact', 'eigenvalues', 'eigenvectors', 'analysis', 'directions'] as const;
export type Task = (typeof TASKS)[number];

export const HOSTS = ['node', 'browser'] as const;
export type Host = (typeof HOSTS)[number];

/** X^T X of x [rows, columns]. */
export interface GramProblem {
  readonly rows: number;
  readonly columns: number;
  readonly x: Float32Array;
}

/** A dense symmetric matrix a [n, n] whose eigenvalues are known, descending. */
export interface EigenProblem {
  readonly n: number;
  readonly a: Float64Array;
  readonly values: Float64Array;
}

/** A ReLU network x -> relu(x W^T + b) ... of `layers` dense layers, as the bytes of a checkpoint, and its probe. */
export interface AnalysisProblem {
  readonly samples: number;
  readonly width: number;
  readonly layers: number;
  /** safetensors: '0.weight' [width, width] and '0.bias', '2.weight', ... as torch's Sequential names them. */
  readonly checkpoint: Uint8Array<ArrayBuffer>;
  /** safetensors: 'inputs' [samples, width]. */
  readonly probe: Uint8Array<ArrayBuffer>;
  readonly weights: readonly { readonly w: Float32Array; readonly b: Float32Array }[];
  readonly inputs: Float32Array;
}

/**
 * y = last tanh(second tanh(first x)), all widths the same but the last; unit 0 of the second layer is dead on both sides, and units 1 and 2
 * read the same. Of the directions, flat vectors over (first, second, last), those of even places move both sides of unit 0 (order 2), the
 * others trade outgoing weights of units 1 and 2 (flat: null).
 */
export interface DirectionsProblem {
  readonly samples: number;
  readonly width: number;
  readonly outputs: number;
  readonly inputs: Float64Array;
  /** [width, width], [width, width], [outputs, width] */
  readonly weights: { readonly first: Float64Array; readonly second: Float64Array; readonly last: Float64Array };
  readonly directions: readonly Float64Array[];
  readonly orders: readonly (number | null)[];
}

export interface GramResult {
  /** Row-major [columns, columns]. */
  readonly hi: Float32Array | Float64Array;
  /** What hi + lo has beyond hi. */
  readonly lo?: Float64Array;
}

export interface EigenResult {
  readonly values: ArrayLike<number>;
  /** Row i is the unit eigenvector of values[i]. */
  readonly vectors?: Float32Array | Float64Array;
}

interface Contract {
  'gram-f32': [GramProblem, GramResult];
  'gram-f64': [GramProblem, GramResult];
  'gram-exact': [GramProblem, GramResult];
  eigenvalues: [EigenProblem, EigenResult];
  eigenvectors: [EigenProblem, EigenResult];
  analysis: [AnalysisProblem, Report];
  /** Orders; undefined where a direction is unresolved. */
  directions: [DirectionsProblem, readonly (number | null | undefined)[]];
}

export type ProblemOf<T extends Task> = Contract[T][0];
export type ResultOf<T extends Task> = Contract[T][1];

export interface Outcome<R> {
  /** The result in the form of the checks; called after the clock has stopped, and for the run that is checked only. */
  result(): R | Promise<R>;
  /** Where the run took place in another process, which has its own clock. */
  readonly milliseconds?: number;
  /** Where the seconds went. */
  readonly phases?: Readonly<Record<string, number>>;
}

/** A problem that an implementation holds where it keeps its data: in JavaScript, in its heap, on its device. */
export interface Job<R> {
  /** Unit roundoff of the arithmetic, which the check of the result goes by. */
  readonly roundoff: number;
  /** The timed part: ends when the result can be read in JavaScript (in the other process, where there is one). */
  run(): Promise<Outcome<R>>;
  dispose?(): void;
}

export interface Implementation {
  /** Ours begin with `deadreckon-`. */
  readonly name: string;
  /** Where package.json does not say. */
  readonly version?: string;
  readonly tasks: { readonly [T in Task]?: (problem: ProblemOf<T>) => Job<ResultOf<T>> | Promise<Job<ResultOf<T>>> };
  dispose?(): void;
}

/** A file of peers/. `open` rejects with a sentence where this machine or host cannot run it. */
export interface PeerModule {
  open(host: Host): Promise<Implementation>;
}

export interface Row {
  readonly task: Task;
  /** '2048x512': rows x columns; '512': n; '2048x512x4': samples x width x layers; '100x60x6x3': directions x samples x width x outputs. */
  readonly size: string;
  readonly implementation: string;
  /** Median of the runs. */
  readonly milliseconds: number;
  readonly host: Host;
  readonly runs: number;
  /** The fastest run, in milliseconds: far from the median where the machine was busy. */
  readonly fastest: number;
  /** Largest error against the reference, as reference.ts defines it for the task. */
  readonly maxError: number;
  /** Where the run of an analysis that stands for all spent its time, in milliseconds. */
  readonly phases?: Readonly<Record<string, number>>;
}
