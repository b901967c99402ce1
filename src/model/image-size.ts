/** The size of the images that a convolutional network reads: its tensors do not tell it. */
import type { Question } from './choices';

/** Pixels along each side, as data sets have them. */
export const USUAL_SIZES = [224, 32, 28, 64, 96, 128, 256, 299, 384, 48, 112, 160, 192, 288, 320, 448, 512, 84, 56, 24, 16, 14, 12, 10, 8, 7, 6, 5, 4];

/** Square images. `chosen` may be any size. */
export function imageSize(chosen: string | undefined, sizes: readonly number[] = USUAL_SIZES): Question {
  const asked = chosen !== undefined && isSize(chosen) ? [Number(chosen)] : [];
  const options = [...new Set([...sizes, ...asked])].sort((a, b) => a - b).map(String);
  return { key: 'input-size', options, parse: (word) => (isSize(word) ? String(Number(word)) : null), recordedAs: ['image_size', 'img_size', 'input_size'] };
}

function isSize(word: string): boolean {
  return /^\d{1,4}$/.test(word) && Number(word) > 0;
}
