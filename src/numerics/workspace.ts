/** Memory for hot loops, and the choice between their two implementations. */
import type { HotLoops } from './hot-loops';
import { typescriptLoops } from './loops/typescript';
import type { Steps } from './stepwise';
import { webAssembly } from './wasm/instance';

export interface Workspace {
  readonly loops: HotLoops;
  /** An array that `loops` can see, valid until the workspace is released; holds anything. */
  array(length: number): Float64Array;
  zeros(length: number): Float64Array;
  /** Arrays made after the mark are given up at `reset(mark)`, and their room is used again. */
  mark(): number;
  reset(mark: number): void;
  /** Gives the memory back. A workspace that is never released is left to the garbage collector. */
  release(): void;
}

/** A source of workspaces with room for a number of words (8 bytes). */
export interface Engine {
  readonly name: 'WebAssembly SIMD' | 'JavaScript';
  /** Whether sums of products of bytes have an instruction of their own (HotLoops.multiplyBytes): then they take less time for each bit than those of 16-bit integers. */
  readonly bytes: boolean;
  open(words: number): Workspace;
}

export const typescript: Engine = {
  name: 'JavaScript',
  bytes: false,
  open: () => ({
    loops: typescriptLoops,
    array: (length) => new Float64Array(length),
    zeros: (length) => new Float64Array(length),
    mark: () => 0,
    reset() {},
    release() {},
  }),
};

let current: Engine | null = null;

/** WebAssembly with SIMD where it is there and allowed, else TypeScript. */
export function engine(): Engine {
  current ??= webAssembly() ?? typescript;
  return current;
}

/** Has `chosen` run everything from now on; null chooses anew. For tests and benchmarks that compare the two. */
export function useEngine(chosen: Engine | null): void {
  current = chosen;
}

/** Runs `body` with a workspace that is released at its end. */
export function* inWorkspace<Result>(words: number, body: (work: Workspace) => Steps<Result>): Steps<Result> {
  const work = engine().open(words);
  try {
    return yield* body(work);
  } finally {
    work.release();
  }
}
