/** What of a picture a network is shown: its size, and the part about its centre, as the image processors of transformers cut it. */
import { resized, type Filter } from './resize';

/** In this order; null where a step is left out. */
export interface Framing {
  /** To this size; or, with one `edge`, to that length of the shorter side. */
  readonly resize: { readonly height: number; readonly width: number } | { readonly edge: number } | null;
  readonly crop: { readonly height: number; readonly width: number } | null;
  readonly filter: Filter;
}

export interface Frame {
  readonly height: number;
  readonly width: number;
  /** [height, width, channels] */
  readonly values: Float64Array;
}

/** Resized and cropped to its centre; around a picture that is smaller than the crop there are zeros, the odd one behind it. */
export function framed({ height, width, values }: Frame, channels: number, { resize, crop, filter }: Framing): Frame {
  const [toHeight, toWidth] = beforeCrop(height, width, resize);
  const whole = toHeight === height && toWidth === width ? values : resized(values, height, width, channels, toHeight, toWidth, filter);
  if (crop === null || (crop.height === toHeight && crop.width === toWidth)) return { height: toHeight, width: toWidth, values: whole };
  const top = Math.trunc((toHeight - crop.height) / 2);
  const left = Math.trunc((toWidth - crop.width) / 2);
  const out = new Float64Array(crop.height * crop.width * channels);
  for (let y = 0; y < crop.height; y++) {
    const from = y + top;
    if (from < 0 || from >= toHeight) continue;
    const [begin, end] = [Math.max(0, left), Math.min(toWidth, left + crop.width)];
    out.set(whole.subarray((from * toWidth + begin) * channels, (from * toWidth + end) * channels), (y * crop.width + begin - left) * channels);
  }
  return { ...crop, values: out };
}

/** Height and width of a picture once it is resized; by one edge the longer side is rounded down. */
export function beforeCrop(height: number, width: number, resize: Framing['resize']): [number, number] {
  if (resize === null) return [height, width];
  if (!('edge' in resize)) return [resize.height, resize.width];
  return height < width ? [resize.edge, Math.floor((resize.edge * width) / height)] : [Math.floor((resize.edge * height) / width), resize.edge];
}
