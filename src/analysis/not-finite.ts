/** Weights that are no numbers. */
import { allFinite } from '../numerics/finite';
import type { Stored } from '../numerics/ops';

/** Names the tensors that hold NaN or Inf, with a count and the first place as they are stored; null when all are finite. */
export function notFinite(parameters: ReadonlyMap<string, Stored>): string | null {
  const found: string[] = [];
  for (const [name, { values, shape, transposed }] of parameters) {
    if (allFinite(values)) continue;
    let count = 0;
    let first = -1;
    for (let i = 0; i < values.length; i++) {
      if (Number.isFinite(values[i]!)) continue;
      if (count++ === 0) first = i;
    }
    if (count > 0) found.push(`'${name}' holds ${count} values that are not finite (the first at [${unravel(first, transposed ? [...shape].reverse() : shape).join(', ')}])`);
  }
  return found.length > 0 ? found.slice(0, 5).join('; ') : null;
}

function unravel(index: number, shape: readonly number[]): number[] {
  const position: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    position.unshift(index % shape[axis]!);
    index = Math.floor(index / shape[axis]!);
  }
  return position;
}
