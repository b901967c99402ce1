import { describe, expect, it } from 'vitest';
import { GRAM_BLOCK_ROWS, gramOnGpu, gramVariants } from '../../src/gpu/gram';
import { bitsOf, dispatchesOf, families, matrix, testQueue } from './queue';

const queue = await testQueue();

/** X^T X in float64. */
function reference(x: Float32Array, rows: number, columns: number): Float64Array {
  const g = new Float64Array(columns * columns);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j < columns; j++) g[i * columns + j]! += x[r * columns + i]! * x[r * columns + j]!;
    }
  }
  return g;
}

async function onGpu(x: Float32Array, rows: number, columns: number, name: keyof typeof gramVariants): Promise<Float64Array> {
  const buffer = queue.upload(x, 'x');
  try {
    return await gramOnGpu(queue, buffer, rows, columns, undefined, gramVariants[name]);
  } finally {
    queue.buffers.release(buffer);
  }
}

/** max |error_ij| / sqrt(G_ii G_jj) */
function largestError(got: Float64Array, want: Float64Array, d: number): number {
  let worst = 0;
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      const scale = Math.sqrt(want[i * d + i]! * want[j * d + j]!);
      const error = Math.abs(got[i * d + j]! - want[i * d + j]!);
      worst = Math.max(worst, scale > 0 ? error / scale : error);
    }
  }
  return worst;
}

const shapes = [
  [1, 1],
  [1, 70],
  [600, 1],
  [7, 33],
  [130, 65],
  [GRAM_BLOCK_ROWS + 3, 40],
] as const;

describe.each(Object.keys(gramVariants) as (keyof typeof gramVariants)[])('gram, %s kernel', (name) => {
  for (const family of Object.keys(families) as (keyof typeof families)[]) {
    it.each(shapes)(`${family} %i x %i within the bound of a block`, async (rows, columns) => {
      const x = matrix(rows, columns, rows + 1000 * columns, families[family]);
      const got = await onGpu(x, rows, columns, name);
      const u = 2 ** -24;
      expect(largestError(got, reference(x, rows, columns), columns)).toBeLessThanOrEqual((Math.min(rows, GRAM_BLOCK_ROWS) + 1) * u);
      for (let i = 0; i < columns; i++) for (let j = 0; j < i; j++) expect(got[i * columns + j]).toBe(got[j * columns + i]);
    });
  }

  it('is exact on integers, whatever the tiles and blocks', async () => {
    const [rows, columns] = [GRAM_BLOCK_ROWS * 2 + 1, 67];
    const x = matrix(rows, columns, 5, (random) => random.integer(21) - 10);
    expect(await onGpu(x, rows, columns, name)).toEqual(reference(x, rows, columns));
  });

  it('gives the same bits again', async () => {
    const x = matrix(300, 50, 6);
    expect(bitsOf(await onGpu(x, 300, 50, name))).toEqual(bitsOf(await onGpu(x, 300, 50, name)));
  });

  it('gives zeros for zeros', async () => {
    expect(await onGpu(new Float32Array(40 * 33), 40, 33, name)).toEqual(new Float64Array(33 * 33));
  });
});

it('cuts large work into dispatches within the budget, and both kernels give the same exact integers', async () => {
  const [rows, columns] = [GRAM_BLOCK_ROWS, 832];
  const x = matrix(rows, columns, 7, (random) => random.integer(3) - 1);
  const { dispatches, result: quad } = await dispatchesOf(queue, () => onGpu(x, rows, columns, 'quad'));
  const { kernel, side, softwareWork } = gramVariants.quad;
  const tiles = Math.ceil(columns / side);
  const made = dispatches
    .filter((one) => one.kernel === kernel)
    .map(({ params, grid }) => ({ first: params.firstTileRow!, count: grid[1] }));
  // Every tile row once, in order.
  const tileRows = made.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i));
  expect(tileRows).toEqual(Array.from({ length: tiles }, (_, i) => i));
  if (queue.software) {
    for (const { first, count } of made) {
      const upper = count * (tiles - first) - (count * (count - 1)) / 2;
      expect(upper * rows * side * side).toBeLessThanOrEqual(softwareWork);
    }
    expect(made.length).toBeGreaterThan(1);
  }
  expect(await onGpu(x, rows, columns, 'shared')).toEqual(quad);
});
