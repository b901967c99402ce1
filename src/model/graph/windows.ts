/** Which pixels the windows of a convolution or a pool read, as rows of an image [n * height * width, channels]. */
import type { Window } from './graph';
import { windowOutput, type Image } from './shapes';

type Dilated = Window & { readonly dilation?: readonly [number, number] };

/** Pixel of every (window, place in the window) of one image, row by row; -1 in the padding. */
export function windowPixels(image: Image, window: Dilated): Int32Array {
  const { kernel, stride, padding, dilation = [1, 1] } = window;
  const [rows, columns] = windowOutput(image, window, dilation)!;
  const pixels = new Int32Array(rows * columns * kernel[0] * kernel[1]);
  let at = 0;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let ky = 0; ky < kernel[0]; ky++)
        for (let kx = 0; kx < kernel[1]; kx++) {
          const y = row * stride[0] - padding[0] + ky * dilation[0];
          const x = column * stride[1] - padding[1] + kx * dilation[1];
          pixels[at++] = y >= 0 && y < image.height && x >= 0 && x < image.width ? y * image.width + x : -1;
        }
  return pixels;
}

/**
 * Rows of a batch of images with rows of zeros behind them, for every (sample, window, place). There are enough zeros that none is read more often
 * than a pixel can be: the adjoint of a gather costs as much as its most read row.
 */
export function windowRows(samples: number, image: Image, window: Dilated): { rows: Int32Array; zeros: number } {
  const pixels = windowPixels(image, window);
  const size = image.height * image.width;
  const padded = samples * pixels.reduce((count, pixel) => count + (pixel < 0 ? 1 : 0), 0);
  const zeros = Math.ceil(padded / (window.kernel[0] * window.kernel[1]));
  const rows = new Int32Array(samples * pixels.length);
  let at = 0;
  let zero = 0;
  for (let i = 0; i < samples; i++) for (const pixel of pixels) rows[at++] = pixel >= 0 ? i * size + pixel : samples * size + (zero++ % zeros);
  return { rows, zeros };
}

/** The same for each place of the window on its own, with the window's first pixel wherever a place lies in the padding: a maximum does not see it. */
export function pooledRows(samples: number, image: Image, window: Window): Int32Array[] {
  const pixels = windowPixels(image, window);
  const places = window.kernel[0] * window.kernel[1];
  const windows = pixels.length / places;
  const size = image.height * image.width;
  const rows = Array.from({ length: places }, () => new Int32Array(samples * windows));
  for (let w = 0; w < windows; w++) {
    const own = pixels.subarray(w * places, (w + 1) * places);
    const first = own.find((pixel) => pixel >= 0)!;
    own.forEach((pixel, place) => {
      for (let i = 0; i < samples; i++) rows[place]![i * windows + w] = i * size + (pixel >= 0 ? pixel : first);
    });
  }
  return rows;
}

/** Rows of a batch of images in which every pixel stands [height, width] times. */
export function repeatedRows(samples: number, { height, width }: Image, [down, across]: readonly [number, number]): Int32Array {
  const rows = new Int32Array(samples * height * down * width * across);
  let at = 0;
  for (let i = 0; i < samples; i++)
    for (let y = 0; y < height * down; y++)
      for (let x = 0; x < width * across; x++) rows[at++] = (i * height + Math.floor(y / down)) * width + Math.floor(x / across);
  return rows;
}

/** Pixels of the image in every window. */
export function pixelsInside(image: Image, window: Window): Float64Array {
  const pixels = windowPixels(image, window);
  const places = window.kernel[0] * window.kernel[1];
  const counts = new Float64Array(pixels.length / places);
  pixels.forEach((pixel, at) => (counts[Math.floor(at / places)]! += pixel >= 0 ? 1 : 0));
  return counts;
}

/** Whether the windows are the pixels themselves, in their order. */
export function isPointwise({ kernel, stride, padding }: Window): boolean {
  return [...kernel, ...stride].every((size) => size === 1) && padding.every((p) => p === 0);
}
