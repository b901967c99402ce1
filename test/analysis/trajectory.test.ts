/** Tracing a run: what is in memory, what is computed again, what a cancel loses. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { parseTrajectory } from '../../src/analysis/snapshot';
import { Trajectory, reportOfPoint, withPoint, type TrajectoryPoint } from '../../src/analysis/trajectory';
import { Report } from '../../src/analysis/report';
import type { TraceEvent } from '../../src/analysis/trace';
import { inlineSolver } from '../../src/numerics/solver';
import type { Checkpoint, TensorEntry } from '../../src/checkpoint/types';
import { stubCheckpoint } from '../checkpoint-stub';
import { LINEAR, chain, traced } from './traced';

const run = (n: number, d = 5) => Array.from({ length: n }, (_, i) => chain(d, 2, [0.8 ** i], `step${i}`));

/** Counts checkpoints with a tensor that is still reachable. */
class Watched {
  private readonly reads: { of: number; array: WeakRef<object> }[] = [];
  /** Most checkpoints that were in memory at once. */
  most = 0;

  constructor(private readonly gc: () => void) {}

  watch(checkpoint: Checkpoint, of: number): Checkpoint {
    const noted = (tensor: TensorEntry): TensorEntry => ({
      ...tensor,
      values: async () => {
        const values = Float64Array.from(await tensor.values());
        this.reads.push({ of, array: new WeakRef(values) });
        if (this.reads.length % 13 === 0) this.look();
        return values;
      },
    });
    return { ...checkpoint, tensors: new Map([...checkpoint.tensors].map(([name, t]) => [name, noted(t)])) };
  }

  get count(): number {
    return this.reads.length;
  }

  look(): void {
    this.gc();
    this.most = Math.max(this.most, new Set(this.reads.filter((r) => r.array.deref() !== undefined).map((r) => r.of)).size);
  }
}

describe('memory', () => {
  it('fifty checkpoints: the weights of two at most', async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const watched = new Watched(gc);
    // Beside the layers a tensor of 2 MB that no layer uses: what is held of it shows in the process, however it was copied.
    const MEGABYTES = 2;
    const bulk: TensorEntry = { name: 'bulk', dtype: 'f64', shape: [MEGABYTES * 2 ** 17], file: 'stub', bytes: async () => new Uint8Array(0), values: async () => new Float64Array(MEGABYTES * 2 ** 17).fill(Math.random()) };
    const checkpoints = run(50).map((c, i) => watched.watch({ ...c, tensors: new Map([...c.tensors, ['bulk', bulk]]) }, i));
    gc();
    const before = process.memoryUsage().arrayBuffers;
    let bytes = 0;
    let points = 0;
    await traced(checkpoints, {
      emit: (event) => {
        if (event.type === 'point') points++;
        // When a checkpoint is finished, now and then in the middle of its passes; and while some tensors are read.
        if (event.type !== 'point' && !(event.type === 'progress' && event.phase === 'forward')) return;
        if (points % 3 > 0) return;
        watched.look();
        // Hashing copies what it hashes, and lets go of it late: some tensors' worth are in use, far from fifty.
        bytes = Math.max(bytes, process.memoryUsage().arrayBuffers - before);
      },
    });
    expect(points).toBe(50);
    expect(watched.count).toBeGreaterThan(200);
    expect(watched.most).toBe(2);
    expect(bytes).toBeLessThan(0.4 * 50 * MEGABYTES * 2 ** 20);
  }, 60_000);
});

describe('cancel and resume', () => {
  it('loses what it was at and nothing else, and ends with the same bits', async () => {
    const whole = await traced(run(6));
    const stop = new AbortController();
    let kept: Trajectory | null = null;
    const take = (event: TraceEvent) => {
      if (event.type === 'started') kept = event.trajectory;
      if (event.type === 'point') kept = withPoint(kept!, event.at, event.point);
    };
    await expect(
      traced(run(6), {
        signal: stop.signal,
        emit: (event) => {
          take(event);
          if (event.type === 'progress' && event.name === 'step4' && event.phase === 'forward') stop.abort();
        },
      }),
    ).rejects.toThrow(/abort/i);
    expect(kept!.points.map((p) => p.name)).toEqual(['step0', 'step1', 'step2', 'step3']);

    // Stopped again while it finds its way back: points whose turn had not come are not lost.
    const again = new AbortController();
    const earlier: Trajectory = kept!;
    await expect(
      traced(run(6), {
        earlier,
        signal: again.signal,
        emit: (event) => {
          take(event);
          if (event.type === 'point' && event.at === 1) again.abort();
        },
      }),
    ).rejects.toThrow(/abort/i);
    expect(kept!.points.map((p) => p.name)).toEqual(['step0', 'step1', 'step2', 'step3']);

    const solved: string[] = [];
    const resumed = await traced(run(6), { earlier: kept, emit: (event) => event.type === 'progress' && event.phase === 'eigen' && solved.push(event.name) });
    expect([...new Set(solved)]).toEqual(['step4', 'step5']);
    expect(resumed.points.map(lasting)).toEqual(whole.points.map(lasting));
  });

  it('starts anew where the question is another one', async () => {
    const earlier = await traced(run(3));
    const solved: string[] = [];
    const other = await traced(run(3), { earlier, request: { ...LINEAR, seed: 5 }, emit: (event) => event.type === 'progress' && event.phase === 'eigen' && solved.push(event.name) });
    expect(new Set(solved).size).toBe(3);
    expect(other.points[0]!.spectra[0]!.gram).not.toEqual(earlier.points[0]!.spectra[0]!.gram);
  });

  it('a run that grew, in another order, takes over what it has', async () => {
    const [a, b, c] = run(3);
    const earlier = await traced([a!, c!]);
    const solved: string[] = [];
    const grown = await traced([a!, b!, c!], { earlier, emit: (event) => event.type === 'progress' && event.phase === 'eigen' && solved.push(event.name) });
    expect([...new Set(solved)]).toEqual(['step1']);
    expect(grown.points.map((p) => p.name)).toEqual(['step0', 'step1', 'step2']);
  });
});

/** What does not depend on when a point was made. */
function lasting({ seconds: _, unchanged: __, ...point }: TrajectoryPoint) {
  return point;
}

describe('what did not change', () => {
  const counting = () => {
    const asked = { solves: 0 };
    const solver: typeof inlineSolver = { eigenvalues: (...args) => (asked.solves++, inlineSolver.eigenvalues(...args)) };
    return { asked, solver };
  };

  it('a checkpoint of the same tensors is not run again', async () => {
    const [a, b] = run(2);
    const { asked, solver } = counting();
    const { points } = await traced([a!, { ...a!, name: 'copy' }, b!], { solver });
    // Two layers, two sides, two different checkpoints; the gradient at the output is label noise alone, the same at both.
    expect(asked.solves).toBe(7);
    expect(points.map((p) => p.unchanged)).toEqual([0, 0, 1]);
    expect(points[1]!.spectra).toBe(points[0]!.spectra);
    expect(points[1]!.name).toBe('copy');
  });

  it('a frozen first layer gives activations of the same bits, solved once', async () => {
    const [a, b] = run(2);
    const frozen = { ...b!, tensors: new Map([...b!.tensors, ['0.weight', a!.tensors.get('0.weight')!]]) };
    const { asked, solver } = counting();
    const { points } = await traced([a!, frozen], { solver });
    expect(asked.solves).toBe(6);
    const [before, after] = points.map((p) => p.spectra.find((s) => s.tap.layer === '0' && s.tap.side === 'activation')!);
    expect(after!.gram).toEqual(before!.gram);
    expect(after!.eigenvalues).toEqual(before!.eigenvalues);
    expect(points[1]!.unchanged).toBe(2);
  });

  it('of weights without a model only those that changed are read again', async () => {
    const reads = new Map<string, number>();
    const tensors = (shift: number) => {
      const c = stubCheckpoint({ odd: { shape: [6, 4] }, strange: { shape: [5, 5], values: Array.from({ length: 25 }, (_, i) => Math.sin(i + shift)) } });
      return { ...c, name: `s${shift}`, tensors: new Map([...c.tensors].map(([n, t]) => [n, { ...t, values: () => (reads.set(n, (reads.get(n) ?? 0) + 1), t.values()) }])) };
    };
    const { points } = await traced([tensors(0), tensors(1)], { request: {} });
    expect(points.map((p) => p.unchanged)).toEqual([0, 1]);
    // Each is hashed at both checkpoints and once more for the distance; only what is analysed is read beyond that.
    expect(reads.get('odd')).toBe(3);
    expect(reads.get('strange')).toBe(5);
  });
});

describe('points', () => {
  it('distances are Euclidean, to the reference', async () => {
    const checkpoints = [[3, 0], [0, 4], [0, 0]].map(([x, y], i) => ({ ...stubCheckpoint({ w: { shape: [2, 2], values: [x!, y!, 1, 2] } }), name: `c${i}` }));
    const last = await traced(checkpoints, { request: {} });
    expect(last.points.map((p) => p.distance)).toEqual([3, 4, 0]);
    expect(last.reference).toBe('c2');
    const first = await traced(checkpoints, { request: {}, reference: 0, earlier: last });
    expect(first.points.map((p) => p.distance)).toEqual([0, 5, 3]);
  });

  it('a checkpoint that diverged leaves a gap, not an end', async () => {
    const [a, b, c] = run(3);
    const broken = { ...b!, tensors: new Map([...b!.tensors].map(([n, t]) => [n, { ...t, values: async () => Float64Array.from(await t.values(), () => NaN) }])) };
    const { points } = await traced([a!, broken, c!]);
    expect(points.map((p) => p.spectra.length)).toEqual([4, 0, 4]);
    expect(points[1]!.skipped.map((s) => s.reason).join()).toMatch(/not finite/);
  });

  it('are saved, opened and shown as reports', async () => {
    const trajectory = await traced(run(2));
    const read = parseTrajectory(JSON.stringify(trajectory), 't.json');
    expect(read).toEqual(trajectory);
    const report = reportOfPoint(read, 1);
    expect(() => Report.parse(report)).not.toThrow();
    expect(report.spectra[0]!.eigenvalues).toEqual(trajectory.points[1]!.spectra[0]!.eigenvalues);
    expect(() => parseTrajectory(JSON.stringify({ ...trajectory, schema: 99 }), 't.json')).toThrow(/version 99/);
    expect(() => parseTrajectory(JSON.stringify({ ...trajectory, points: [{}] }), 't.json')).toThrow(/points\.0/);
  });
});
