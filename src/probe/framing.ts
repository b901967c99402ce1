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
  const [toHeight, toWidth] = resize === null ? [height, width] : 'edge' in resize ? byEdge(height, width, resize.edge) : [resize.height, resize.width];
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

/** The longer side is rounded down. */
function byEdge(height: number, width: number, edge: number): [number, number] {
  return height < width ? [edge, Math.floor((edge * width) / height)] : [Math.floor((edge * height) / width), edge];
}
