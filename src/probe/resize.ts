/**
 * Images to another size by the triangle filter, stretched over the pixels that become one where an image shrinks: what Pillow calls BILINEAR and
 * torchvision bilinear with antialias (Pillow src/libImaging/Resample.c), without their rounding to whole values.
 */

/** @param image [height, width, channels] row-major. @returns [toHeight, toWidth, channels] */
export function resized(image: Float64Array, height: number, width: number, channels: number, toHeight: number, toWidth: number): Float64Array {
  const across = new Float64Array(height * toWidth * channels);
  const columns = weightsOf(width, toWidth);
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
  weightsOf(height, toHeight).forEach(({ first, weights }, y) => {
    for (let k = 0; k < weights.length; k++) {
      for (let i = 0; i < stride; i++) out[y * stride + i] = out[y * stride + i]! + weights[k]! * across[(first + k) * stride + i]!;
    }
  });
  return out;
}

/** For each output pixel the first input pixel that it is made of, and the weights from there on; they sum to one. */
function weightsOf(from: number, to: number): { first: number; weights: number[] }[] {
  const scale = from / to;
  const support = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support + 0.5));
    const last = Math.min(from, Math.floor(centre + support + 0.5));
    const weights = Array.from({ length: last - first }, (_, k) => Math.max(0, 1 - Math.abs((k + first - centre + 0.5) / support)));
    const total = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((w) => w / total) };
  });
}
