import { describe, expect, it } from 'vitest';
import { fisherDispatches, fisherGramOnGpu } from '../../src/gpu/fisher-gram';
import type { FisherShape } from '../../src/gpu/fisher-gram';
import { bitsOf, families, matrix, testQueue } from './queue';

const queue = await testQueue();

/** <g_i, g_j> of gradients that are made, in float64. */
function reference(a: Float32Array, delta: Float32Array, { samples, positions, p, q }: FisherShape): Float64Array {
  const g = new Float64Array(samples * p * q);
  for (let row = 0; row < samples * positions; row++) {
    const at = Math.floor(row / positions) * p * q;
    for (let i = 0; i < p; i++) for (let j = 0; j < q; j++) g[at + i * q + j]! += a[row * p + i]! * delta[row * q + j]!;
  }
  const k = new Float64Array(samples * samples);
  for (let i = 0; i < samples; i++) {
    for (let j = 0; j < samples; j++) for (let e = 0; e < p * q; e++) k[i * samples + j]! += g[i * p * q + e]! * g[j * p * q + e]!;
  }
  return k;
}

async function onGpu(a: Float32Array, delta: Float32Array, shape: FisherShape): Promise<Float64Array> {
  const buffers = [queue.upload(a, 'a'), queue.upload(delta, 'delta')] as const;
  try {
    return await fisherGramOnGpu(queue, ...buffers, shape);
  } finally {
    queue.buffers.release(...buffers);
  }
}

const shape = (samples: number, positions: number, p: number, q: number): FisherShape => ({ samples, positions, p, q });
const shapes = [
  shape(1, 1, 1, 1),
  shape(70, 1, 5, 3),
  shape(33, 1, 1, 9),
  shape(13, 3, 6, 4),
  shape(5, 7, 17, 2),
  shape(4, 32, 3, 5),
  shape(3, 50, 4, 6),
  shape(2, 65, 5, 1),
];
const name = (s: FisherShape) => `${s.samples} samples x ${s.positions} positions, ${s.p} x ${s.q}`;

describe('fisher-gram', () => {
  it.each(shapes.map((s) => [name(s), s] as const))('normal and relu: %s', async (_, s) => {
    const rows = s.samples * s.positions;
    const a = matrix(rows, s.p, 1, families.relu);
    const delta = matrix(rows, s.q, 2);
    const got = await onGpu(a, delta, s);
    const want = reference(a, delta, s);
    // Sum of |terms| bounds the error: n_terms u for sums of products of sums, entry by entry.
    const size = reference(a.map(Math.abs), delta.map(Math.abs), s);
    const bound = (s.p + s.q + 2 * s.positions + 4) * 2 ** -24;
    for (let e = 0; e < got.length; e++) expect(Math.abs(got[e]! - want[e]!)).toBeLessThanOrEqual(bound * size[e]!);
  });

  it.each([shape(40, 1, 6, 7), shape(6, 11, 3, 4), shape(3, 70, 2, 3)].map((s) => [name(s), s] as const))(
    'is exact on integers: %s',
    async (_, s) => {
      const rows = s.samples * s.positions;
      const a = matrix(rows, s.p, 3, (random) => random.integer(5) - 2);
      const delta = matrix(rows, s.q, 4, (random) => random.integer(5) - 2);
      expect(await onGpu(a, delta, s)).toEqual(reference(a, delta, s));
    },
  );

  it('keeps its scale over 24 orders', async () => {
    const s = shape(9, 2, 4, 4);
    const a = matrix(18, 4, 5, families.tiny);
    const delta = matrix(18, 4, 6, families.large);
    const got = await onGpu(a, delta, s);
    const want = reference(a, delta, s);
    for (let i = 0; i < 9; i++) expect(Math.abs(got[i * 9 + i]! / want[i * 9 + i]! - 1)).toBeLessThan(1e-5);
  });

  it('gives the same bits again', async () => {
    const s = shape(20, 5, 6, 6);
    const [a, delta] = [matrix(100, 6, 7), matrix(100, 6, 8)];
    expect(bitsOf(await onGpu(a, delta, s))).toEqual(bitsOf(await onGpu(a, delta, s)));
  });

  it('covers every tile and position once, in pieces of bounded work', () => {
    const s = shape(37, 90, 700, 900);
    const none = {} as GPUBuffer;
    const pieces = [...fisherDispatches({ a: none, delta: none, k: none }, s, true)].map((d) => ({ ...d.params, rows: d.grid[1] }));
    expect(pieces.length).toBeGreaterThan(10);
    const covered = new Map<string, number>();
    for (const piece of pieces as Record<string, number>[]) {
      for (let row = 0; row < piece.rows!; row++) {
        for (let t = piece.firstPosition!; t < piece.endPosition!; t++) {
          const key = `${piece.firstTileRow! + row}:${t}`;
          covered.set(key, (covered.get(key) ?? 0) + 1);
        }
      }
    }
    expect(covered.size).toBe(37 * 90);
    expect(new Set(covered.values())).toEqual(new Set([1]));
  });
});
