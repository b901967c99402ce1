/** How the spectrum of a tap X [rows, width] is come by: from X^T X over its columns, or from its rows, X X^T, which has the same eigenvalues other than zero. */
import { MAX_DIMENSION } from './subject';

/** From this width on a tap with at most half as many rows keeps them. */
const WIDE = 1024;
/** Values kept of a tap that is too wide for a Gram over its columns. */
const MAX_VALUES = 2 ** 25;

/** Whether the rows of a tap [rows, width] are kept: they are few, or it is too wide for a Gram over its columns. */
export function overRows(rows: number, width: number): boolean {
  return width > MAX_DIMENSION || (width >= WIDE && 2 * rows <= width);
}

/** How many rows of a tap that is summed up over a probe are kept; null where its Gram is taken over its columns, chunk by chunk. */
export function rowsKept(rows: number, width: number): number | null {
  return overRows(rows, width) ? Math.min(rows, Math.max(1, Math.floor(MAX_VALUES / width))) : null;
}

/** Rows of a tap, with the block of the jackknife that each is of. */
export class TapRows {
  private readonly parts: { readonly values: Float64Array; readonly block: number; readonly counts: boolean }[] = [];
  private taken = 0;
  width = 0;
  /** Rows kept, and those of them that are of different samples: what a Gram is divided by. */
  kept = 0;
  rows = 0;

  /**
   * @param most rows kept
   * @param passes how often each row comes: the later passes of an exact Fisher are terms of an expectation over the same rows
   */
  constructor(
    private readonly most: number,
    private readonly passes = 1,
  ) {}

  /** Some rows [n, width]; `counts` at the first pass over them. What is beyond the room is left out, at every pass alike. */
  add(block: number, values: Float64Array, width: number, counts: boolean): void {
    this.width = width;
    if (counts) {
      this.taken = Math.min(values.length / width, Math.floor((this.most - this.kept) / this.passes));
      this.rows += this.taken;
    }
    if (this.taken === 0) return;
    this.parts.push({ values: values.slice(0, this.taken * width), block, counts });
    this.kept += this.taken;
  }

  /** [kept, width] */
  values(): Float64Array {
    const whole = new Float64Array(this.kept * this.width);
    let at = 0;
    for (const { values } of this.parts) {
      whole.set(values, at);
      at += values.length;
    }
    return whole;
  }

  /** For every block, where there are several: which of the kept rows are of the others, and how many of those count. */
  others(): { readonly at: readonly number[]; readonly rows: number }[] {
    const blocks = [...new Set(this.parts.map(({ block }) => block))];
    if (blocks.length < 2) return [];
    return blocks.map((left) => {
      const at: number[] = [];
      let rows = 0;
      let row = 0;
      for (const { values, block, counts } of this.parts) {
        const count = values.length / this.width;
        if (block !== left) {
          for (let i = 0; i < count; i++) at.push(row + i);
          if (counts) rows += count;
        }
        row += count;
      }
      return { at, rows };
    });
  }
}
