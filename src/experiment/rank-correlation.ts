/** How two quantities order the same things. */

/** Spearman's rho with mean ranks for ties; null where one of the two is constant. */
export function spearman(x: readonly number[], y: readonly number[]): number | null {
  const [a, b] = [ranks(x), ranks(y)];
  const middle = (x.length - 1) / 2;
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [da, db] = [a[i]! - middle, b[i]! - middle];
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : null;
}

/** Ranks from 0; equal values share the mean of theirs. */
function ranks(values: readonly number[]): number[] {
  return values.map((v) => {
    let [below, equal] = [0, 0];
    for (const u of values) {
      if (u < v) below++;
      else if (u === v) equal++;
    }
    return below + (equal - 1) / 2;
  });
}

export interface Ordering {
  /** Pairs whose y differ, and of these how many x puts in the same order, or in the opposite one. Ties in x count for neither. */
  pairs: number;
  same: number;
  opposite: number;
}

/** Over the pairs for which `comparable` holds. */
export function ordering(x: readonly number[], y: readonly number[], comparable: (i: number, j: number) => boolean = () => true): Ordering {
  const found = { pairs: 0, same: 0, opposite: 0 };
  for (let i = 0; i < x.length; i++) {
    for (let j = i + 1; j < x.length; j++) {
      if (y[i] === y[j] || !comparable(i, j)) continue;
      found.pairs++;
      const sign = Math.sign(x[j]! - x[i]!) * Math.sign(y[j]! - y[i]!);
      if (sign > 0) found.same++;
      else if (sign < 0) found.opposite++;
    }
  }
  return found;
}
