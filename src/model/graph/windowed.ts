/** Convolutions and pools over the primitives. Images are [n * height * width, channels]. */
import type { Ops } from '../../numerics/ops';
import type { Operator, Padding, Window } from './graph';
import { padded, type Image } from './shapes';
import { isPointwise, pixelsInside, pooledRows, repeatedRows, windowRows } from './windows';

type Convolution = Extract<Operator, { kind: 'conv' }>;

/** The windows of all images [n * windows, places, channels]; zeros in the padding. */
function windowsOf<T>(ops: Ops<T>, x: T, samples: number, image: Image, window: Window): T {
  const { channels } = image;
  const places = window.kernel[0] * window.kernel[1];
  if (isPointwise(window)) return ops.reshape(x, [ops.shape(x)[0]!, 1, channels]);
  const { rows, zeros } = windowRows(samples, image, window);
  const padded = zeros === 0 ? x : ops.concat([x, ops.constant(new Float64Array(zeros * channels), [zeros, channels])], 0);
  return ops.reshape(ops.gather(padded, rows), [rows.length / places, places, channels]);
}

/**
 * Without its bias [n * windows, out]. `input`: what the one dense map of it reads [n * windows, places * channels]; null where groups of channels
 * have maps of their own.
 */
export function convolve<T>(ops: Ops<T>, conv: Convolution, weight: T, x: T, samples: number, image: Image): { input: T | null; pre: T } {
  const { groups } = conv;
  const windows = windowsOf(ops, x, samples, image, conv);
  const [rows, places, channels] = ops.shape(windows) as [number, number, number];
  if (groups === 1) {
    const input = ops.reshape(windows, [rows, places * channels]);
    return { input, pre: ops.matmul(input, weight) };
  }
  const outputs = ops.shape(weight)[1]!;
  if (groups === channels) {
    // Depthwise: one input channel in every group leaves weights [places, out].
    const products = ops.mul(ops.reshape(windows, [rows, places, channels, 1]), ops.reshape(weight, [places, channels, outputs / groups]));
    return { input: null, pre: ops.reshape(ops.sum(products, [1]), [rows, outputs]) };
  }
  const [own, made] = [channels / groups, outputs / groups];
  const parts = Array.from({ length: groups }, (_, g) => {
    const input = ops.reshape(ops.slice(windows, [0, 0, g * own], [rows, places, own]), [rows, places * own]);
    return ops.matmul(input, ops.slice(weight, [0, g * made], [places * own, made]));
  });
  return { input: null, pre: ops.concat(parts, 1) };
}

/** Zeros around every image, or pixels taken off where the padding is negative. */
export function pad<T>(ops: Ops<T>, x: T, samples: number, image: Image, padding: Padding): T {
  const windows = windowsOf(ops, x, samples, image, padded(padding));
  return ops.reshape(windows, [ops.shape(windows)[0]!, image.channels]);
}

/** Every pixel as a block of them. */
export function upsample<T>(ops: Ops<T>, x: T, samples: number, image: Image, factors: readonly [number, number]): T {
  return ops.gather(x, repeatedRows(samples, image, factors));
}

/**
 * The largest of each window: a fold over its places that keeps the first of equal ones. The choice is a step, a constant to the tape, so that the
 * gradient goes to the pixel that was chosen; a series decides it by its first term that differs.
 */
export function maxPool<T>(ops: Ops<T>, x: T, samples: number, image: Image, window: Window): T {
  return pooledRows(samples, image, window)
    .map((rows) => ops.gather(x, rows))
    .reduce((largest, next) => {
      const larger = ops.unary('step', ops.sub(next, largest));
      return ops.add(ops.mul(largest, ops.affine(larger, -1, 1)), ops.mul(next, larger));
    });
}

/** The mean of each window: of all its places, or of the pixels in it. */
export function averagePool<T>(ops: Ops<T>, x: T, samples: number, image: Image, window: Window, countPadding: boolean): T {
  const windows = windowsOf(ops, x, samples, image, window);
  const [rows, places, channels] = ops.shape(windows) as [number, number, number];
  const sums = ops.reshape(ops.sum(windows, [1]), [rows, channels]);
  if (countPadding || window.padding.every((p) => p === 0)) return ops.affine(sums, 1 / places, 0);
  const shares = pixelsInside(image, window).map((count) => 1 / count);
  const all = new Float64Array(rows);
  for (let i = 0; i < samples; i++) all.set(shares, i * shares.length);
  return ops.mul(sums, ops.constant(all, [rows, 1]));
}
