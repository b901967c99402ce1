/** How the patch embeddings of vision transformers lie in their files. */
import { tokenCount, type PatchEmbedding, type PositionTable } from './layers/stem';
import type { Layout } from './layout';

/** The names of a vision transformer's stem: a convolution with stride = size of its kernel, tokens [1, count, d], and positions [1, n, d]. */
export interface PatchNames {
  readonly convolution: string;
  /** Those before the patches; those that are absent are left out. */
  readonly tokens: readonly string[];
  readonly positions: string;
  /** Whether the tokens have positions, where that is recorded. */
  readonly placed?: boolean;
}

export interface PatchStem {
  readonly width: number;
  readonly embedding: PatchEmbedding;
  readonly positions: PositionTable;
}

/** Images are square; their size follows from the number of positions, which the tokens may do without. */
export function patchStem(layout: Layout, { convolution, tokens: names, positions, placed }: PatchNames): PatchStem {
  const weight = `${convolution}.weight`;
  const [width, channels, patch] = layout.shape(weight, [null, null, null, null]) as [number, number, number];
  layout.shape(weight, [width, channels, patch, patch]);
  layout.convolution(weight, width, channels * patch ** 2);
  const [, context] = layout.shape(positions, [1, null, width]) as [number, number];
  layout.reshaped(positions, [1, context, width], [context, width]);
  const tokens = names.filter((name) => layout.has(name)).map((name) => {
    const [, count] = layout.shape(name, [1, null, width]) as [number, number];
    return { name: layout.reshaped(name, [1, count, width], [count, width]), count };
  });
  const before = tokens.reduce((sum, { count }) => sum + count, 0);
  const begin = (placed ?? (isSquare(context - before) || !isSquare(context))) ? 0 : before;
  const across = Math.round(Math.sqrt(context - before + begin));
  if (across ** 2 !== context - before + begin) layout.fail(`'${positions}' has ${context} positions; a square number of patches was expected, with or without ${before} for the tokens before them`);
  return {
    width,
    embedding: { layer: convolution, weight, bias: layout.vector(`${convolution}.bias`, width), channels, side: across * patch, patch, tokens },
    positions: { name: positions, context, begin },
  };
}

/** What people must know about the inputs of such a model. */
export function describePatches({ embedding }: PatchStem): string {
  const { channels, side, patch } = embedding;
  const count = tokenCount(embedding);
  const before = count === 0 ? '' : count === 1 ? ' and a class token' : ` and ${count} tokens before them`;
  return `${(side / patch) ** 2} patches of ${patch} × ${patch} pixels${before}: images are [${channels}, ${side}, ${side}], flattened`;
}

function isSquare(n: number): boolean {
  return n > 0 && Math.round(Math.sqrt(n)) ** 2 === n;
}
