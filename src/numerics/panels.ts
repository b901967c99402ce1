/** Panels of interleaved lines, the form in which the innermost loop of a matrix product reads its operands in order. */

/** Lines of a panel: the innermost loop keeps a tile of 4 x 4 results. */
export const TILE = 4;

/** Values of a line that are packed before the next lines are. */
const RUN = 32;

/** The number of lines when the last panel is filled up. */
export function wholeTiles(lines: number): number {
  return Math.ceil(lines / TILE) * TILE;
}

/**
 * Copies `count` lines of `length` values into panels of `TILE` interleaved lines, zero where a panel has no line:
 * panels[(line - line % TILE) * length + t * TILE + line % TILE] = sign * value t of the line.
 */
export function packPanels(
  panels: Float64Array,
  values: Float64Array | Float32Array,
  offset: number,
  lineStride: number,
  stride: number,
  count: number,
  length: number,
  sign: 1 | -1 = 1,
): void {
  // Lines side by side: a few values of all of them at a time, so that what one line brings to the cache serves the next.
  const run = lineStride < stride ? RUN : length;
  for (let t = 0; t < length; t += run) {
    packRun(panels, t * TILE, length * TILE, values, offset + t * stride, lineStride, stride, count, Math.min(run, length - t), sign);
  }
}

/** `length` values of all lines; panels are `panel` apart, their part begins at `at`. */
function packRun(
  panels: Float64Array,
  at: number,
  panel: number,
  values: Float64Array | Float32Array,
  offset: number,
  lineStride: number,
  stride: number,
  count: number,
  length: number,
  sign: 1 | -1,
): void {
  for (let line = 0; line < count; line += TILE, at += panel) {
    let to = at;
    let p = offset + line * lineStride;
    if (line + TILE <= count) {
      for (let t = 0; t < length; t++, p += stride, to += TILE) {
        panels[to] = sign * values[p]!;
        panels[to + 1] = sign * values[p + lineStride]!;
        panels[to + 2] = sign * values[p + 2 * lineStride]!;
        panels[to + 3] = sign * values[p + 3 * lineStride]!;
      }
    } else {
      const left = count - line;
      for (let t = 0; t < length; t++, p += stride, to += TILE) {
        for (let l = 0; l < TILE; l++) panels[to + l] = l < left ? sign * values[p + l * lineStride]! : 0;
      }
    }
  }
}
