/**
 * Images to another size by a filter that is stretched over the pixels that become one where an image shrinks: what Pillow calls BILINEAR and BICUBIC,
 * and torchvision the same with antialias (Pillow src/libImaging/Resample.c), without their rounding to whole values.
 */

export type Filter = 'bilinear' | 'bicubic';

/** How far a filter reaches in pixels of the smaller image, and its weight at a distance. */
const FILTERS: Readonly<Record<Filter, { readonly reach: number; readonly weight: (distance: number) => number }>> = {
  bilinear: { reach: 1, weight: (x) => Math.max(0, 1 - x) },
  // Keys' cubic with a = -1/2.
  bicubic: { reach: 2, weight: (x) => (x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0) },
};

/** @param image [height, width, channels] row-major. @returns [toHeight, toWidth, channels] */
export function resized(image: Float64Array, height: number, width: number, channels: number, toHeight: number, toWidth: number, filter: Filter = 'bilinear'): Float64Array {
  const across = new Float64Array(height * toWidth * channels);
  const columns = weightsOf(width, toWidth, filter);
  for (let y = 0; y < height; y++) {
    columns.forEach(({ first, weights }, x) => {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k]! * image[(y * width + first + k) * channels + c]!;
        across[(y * toWidth + x) * channels + c] = sum;
      }
    });
  }
  const out = new Float64Array(toHeight * toWidth * channels);
  const stride = toWidth * channels;
  weightsOf(height, toHeight, filter).forEach(({ first, weights }, y) => {
    for (let k = 0; k < weights.length; k++) {
      for (let i = 0; i < stride; i++) out[y * stride + i] = out[y * stride + i]! + weights[k]! * across[(first + k) * stride + i]!;
    }
  });
  return out;
}

/** For each output pixel the first input pixel that it is made of, and the weights from there on; they sum to one. */
function weightsOf(from: number, to: number, filter: Filter): { first: number; weights: number[] }[] {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const { reach, weight } = FILTERS[filter];
  const support = reach * stretch;
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support + 0.5));
    const last = Math.min(from, Math.floor(centre + support + 0.5));
    const weights = Array.from({ length: last - first }, (_, k) => weight(Math.abs((k + first - centre + 0.5) / stretch)));
    const total = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((w) => w / total) };
  });
}
