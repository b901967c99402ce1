/** How the patch embeddings of vision transformers lie in their files. */
import type { PatchEmbedding } from './layers/stem';
import type { Layout } from './layout';

/** The names of a vision transformer's stem: a convolution with stride = size of its kernel, a class token [1, 1, d], and positions [1, n, d]. */
export interface PatchNames {
  readonly convolution: string;
  readonly classToken: string;
  readonly positions: string;
}

export interface PatchStem {
  readonly width: number;
  readonly embedding: PatchEmbedding;
  readonly positions: { readonly name: string; readonly context: number };
}

/** Images are square; their size follows from the number of positions. */
export function patchStem(layout: Layout, { convolution, classToken, positions }: PatchNames): PatchStem {
  const weight = `${convolution}.weight`;
  const [width, channels, patch] = layout.shape(weight, [null, null, null, null]) as [number, number, number];
  layout.shape(weight, [width, channels, patch, patch]);
  layout.convolution(weight, width, channels * patch ** 2);
  const [, context] = layout.shape(positions, [1, null, width]) as [number, number];
  layout.reshaped(positions, [1, context, width], [context, width]);
  layout.reshaped(classToken, [1, 1, width], [1, width]);
  const across = Math.round(Math.sqrt(context - 1));
  if (across ** 2 !== context - 1) layout.fail(`'${positions}' has ${context} positions; one for the class token and a square number of patches were expected`);
  return {
    width,
    embedding: { layer: convolution, weight, bias: layout.vector(`${convolution}.bias`, width), channels, side: across * patch, patch, classToken },
    positions: { name: positions, context },
  };
}

/** What people must know about the inputs of such a model. */
export function describePatches({ embedding: { channels, side, patch }, positions: { context } }: PatchStem): string {
  return `${context - 1} patches of ${patch} × ${patch} pixels and a class token: images are [${channels}, ${side}, ${side}], flattened`;
}
