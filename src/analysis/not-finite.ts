/** Weights that are no numbers. */

/** Names the tensors that hold NaN or Inf, with a count and the first place; null when all are finite. */
export function notFinite(parameters: ReadonlyMap<string, { values: ArrayLike<number>; shape: readonly number[] }>): string | null {
  const found: string[] = [];
  for (const [name, { values, shape }] of parameters) {
    if (allFinite(values)) continue;
    let count = 0;
    let first = -1;
    for (let i = 0; i < values.length; i++) {
      if (Number.isFinite(values[i]!)) continue;
      if (count++ === 0) first = i;
    }
    if (count > 0) found.push(`'${name}' holds ${count} values that are not finite (the first at [${unravel(first, shape).join(', ')}])`);
  }
  return found.length > 0 ? found.slice(0, 5).join('; ') : null;
}

/** x * 0 is 0 for finite x alone: a loop without branches, for nearly always all of them are. */
function allFinite(values: ArrayLike<number>): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * 0;
  return sum === 0;
}

function unravel(index: number, shape: readonly number[]): number[] {
  const position: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    position.unshift(index % shape[axis]!);
    index = Math.floor(index / shape[axis]!);
  }
  return position;
}
