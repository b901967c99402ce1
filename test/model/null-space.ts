/** The null space of a small model's Jacobian, and what the generators of its symmetries span of it. */
import { expect } from 'vitest';
import type { Direction } from '../../src/model/symmetries/symmetry';
import type { Batch, Model } from '../../src/model/types';
import { cpuOps, cpuValues } from '../../src/numerics/cpu/ops';
import { dualGramOfRows, gramOfRows } from '../../src/numerics/cpu/gram';
import { eigenvaluesOfGram } from '../../src/numerics/solve';
import { Tape } from '../../src/numerics/tape';
import { sliceInputs } from '../../src/probe/types';

const ops = cpuOps();

/** The Jacobian of all outputs over the batch by all parameters that the symmetries or the pass know, row by row; logits centred for 'ce'. */
async function jacobian(model: Model, batch: Batch, loss: 'mse' | 'ce') {
  const parameters = await model.parameters();
  const names = [...parameters.keys()].filter((name) => !/rotary_|running_|mask/.test(name));
  const size = names.reduce((total, name) => total + parameters.get(name)!.values.length, 0);
  const parts: Float64Array[] = [];
  // Samples do not see each other: one at a time, a pass back is short.
  for (let i = 0; i < batch.samples; i++) {
    const tape = new Tape(ops);
    const lifted = new Map([...parameters].map(([name, { values, shape }]) => [name, tape.lift(ops.constant(values, shape))]));
    const wrt = names.map((name) => lifted.get(name)!);
    let output = model.forward(tape, (name) => lifted.get(name)!, sliceInputs(batch, i, i + 1), () => {});
    const [n, c] = tape.shape(output) as [number, number];
    if (loss === 'ce') output = tape.sub(output, tape.affine(tape.sum(output, [1]), 1 / c, 0));
    for (let r = 0; r < n * c; r++) {
      const seed = new Float64Array(n * c);
      seed[r] = 1;
      const row = new Float64Array(size);
      let at = 0;
      for (const g of tape.gradient(output, ops.constant(seed, [n, c]), wrt)) {
        row.set(cpuValues(g), at);
        at += cpuValues(g).length;
      }
      parts.push(row);
    }
  }
  const rows = new Float64Array(parts.length * size);
  parts.forEach((row, r) => rows.set(row, r * size));
  const flat = (direction: Direction) => {
    const vector = new Float64Array(size);
    let at = 0;
    for (const name of names) {
      vector.set(direction.get(name) ?? [], at);
      at += parameters.get(name)!.values.length;
    }
    for (const name of direction.keys()) if (!names.includes(name)) throw new Error(`a generator moves '${name}', which is no parameter`);
    return vector;
  };
  return { rows, count: parts.length, size, parameters, flat };
}

const rankOf = (rows: Float64Array, count: number, size: number, cut = 1e-9): number => {
  const gram = count < size ? dualGramOfRows(rows, count, size) : gramOfRows(rows, count, size);
  const { values } = eigenvaluesOfGram(gram, { residuals: false });
  return values.filter((value) => value > cut ** 2 * values[0]!).length;
};

/**
 * Every exact generator is flat to roundoff; `nullity` = `span` where the list is complete.
 * @param cut singular values of the Jacobian below this share of the largest are none: smooth functions of few pixels have small ones
 */
export async function audit(model: Model, batch: Batch, loss: 'mse' | 'ce', cut = 1e-9) {
  const { rows, count, size, parameters, flat } = await jacobian(model, batch, loss);
  const norm = Math.sqrt(rows.reduce((total, x) => total + x * x, 0));
  let worst = 0;
  const found: Float64Array[] = [];
  const families = new Map<string, number>();
  for (const symmetry of model.symmetries()) {
    if (symmetry.loss === 'ce' && loss !== 'ce') continue;
    let dimension = 0;
    for (const direction of symmetry.generators(parameters)) {
      dimension++;
      const g = flat(direction);
      const length = Math.hypot(...g);
      if (length === 0) continue;
      let moved = 0;
      for (let r = 0; r < count; r++) {
        let dot = 0;
        for (let k = 0; k < size; k++) dot += rows[r * size + k]! * g[k]!;
        moved += dot * dot;
      }
      const relative = Math.sqrt(moved) / (norm * length);
      // One that the rank does not see counts: an epsilon of 1e-12 is none.
      if (symmetry.approximate) {
        expect(relative, symmetry.family).toBeLessThan(1e-4);
        if (relative < 1e-11) found.push(g.map((x) => x / length));
      } else {
        worst = Math.max(worst, relative);
        expect(relative, symmetry.family).toBeLessThan(1e-14);
        found.push(g.map((x) => x / length));
      }
    }
    expect(dimension, symmetry.family).toBe(symmetry.dimension);
    families.set(symmetry.family, (families.get(symmetry.family) ?? 0) + dimension);
  }
  const span = new Float64Array(found.length * size);
  found.forEach((g, i) => span.set(g, i * size));
  return { nullity: size - rankOf(rows, count, size, cut), span: found.length === 0 ? 0 : rankOf(span, found.length, size, 1e-8), size, worst, families };
}
