/** Symmetries of several layers that combine to a direction of one: what each moves elsewhere, the others take back. */
import { gramOfRows } from '../numerics/cpu/gram';
import { symmetricEigen } from '../numerics/symmetric-eigen';
import { norm, unit } from './scales';
import { IN_SPAN } from './span';

export class JointSpan {
  private readonly generators: readonly Float64Array[];

  /** @param generators flat directions of all exact symmetries. */
  constructor(generators: readonly Float64Array[]) {
    this.generators = generators.filter((g) => norm(g) > 0).map(unit);
  }

  /**
   * Directions in these coordinates that are combinations of generators: an orthonormal set of combinations, restricted [coordinates.length]
   * each.
   */
  within(coordinates: Int32Array): Float64Array[] {
    const { generators } = this;
    const count = generators.length;
    const size = generators[0]?.length ?? 0;
    if (count === 0) return [];
    const inside = new Uint8Array(size);
    for (const at of coordinates) inside[at] = 1;
    const others = Int32Array.from(inside.keys()).filter((at) => inside[at] === 0);
    // Rows are the other parameters, columns the generators: combinations that leave those alone are its kernel.
    const elsewhere = new Float64Array(others.length * count);
    others.forEach((at, row) => generators.forEach((g, column) => (elsewhere[row * count + column] = g[at]!)));
    const { values, vectors } = symmetricEigen(gramOfRows(elsewhere, Math.max(1, others.length), count).hi, count, { vectors: true });
    const found: Float64Array[] = [];
    values.forEach((value, i) => {
      if (value > IN_SPAN ** 2) return;
      const here = new Float64Array(coordinates.length);
      for (let column = 0; column < count; column++) {
        const c = vectors![i * count + column]!;
        if (c !== 0) coordinates.forEach((at, k) => (here[k]! += c * generators[column]![at]!));
      }
      // Dependent generators combine to nothing at all.
      if (norm(here) > IN_SPAN) found.push(here);
    });
    return found;
  }
}
