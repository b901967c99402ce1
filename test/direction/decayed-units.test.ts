import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { ArcMap } from '../../src/direction/arc-map';
import { decayedUnits } from '../../src/direction/decayed-units';
import { modelOutputs } from '../../src/direction/output-map';
import { recogniseModel } from '../../src/model/recognise';
import { cpuOps } from '../../src/numerics/cpu/ops';
import { stubCheckpoint } from '../checkpoint-stub';

const ops = cpuOps();

/** A tanh network 3 -> 5 -> 2 with the weights of some units multiplied, by side. */
async function network(factors: Record<number, readonly [incoming: number, outgoing: number]>, change: (w1: Float64Array) => void = () => {}) {
  const random = new Random(2);
  const [w1, b1, w2, b2] = [random.normals(15), random.normals(5), random.normals(10), random.normals(2)];
  for (const [unit, [incoming, outgoing]] of Object.entries(factors).map(([i, f]) => [Number(i), f] as const)) {
    for (let k = 0; k < 3; k++) w1[unit * 3 + k]! *= incoming;
    b1[unit]! *= incoming;
    for (let o = 0; o < 2; o++) w2[o * 5 + unit]! *= outgoing;
  }
  change(w1);
  const tensors = { '0.weight': { shape: [5, 3], values: w1 }, '0.bias': { shape: [5], values: b1 }, '2.weight': { shape: [2, 5], values: w2 }, '2.bias': { shape: [2], values: b2 } };
  const verdict = await recogniseModel(stubCheckpoint(Object.fromEntries(Object.entries(tensors).map(([k, v]) => [k, { ...v, dtype: 'f64' as const }]))), { activation: 'tanh' });
  if (!verdict.model) throw new Error(verdict.sentence);
  const { model } = verdict;
  const parameters = await model.parameters();
  const batch = { kind: 'vector', values: random.normals(40 * 3), samples: 40, width: 3 } as const;
  const map = await ArcMap.open(ops, modelOutputs(model, parameters, batch, { loss: 'mse' }));
  return { found: await decayedUnits(map, model, parameters), parameters };
}

describe('nearly dead units', () => {
  it('are taken to zero on both sides, and what that moves is said', async () => {
    const { found, parameters } = await network({ 1: [1e-7, 1e-8], 4: [1e-5, 1e-6] });
    expect(found!.units.map(({ layer, index }) => [layer, index])).toEqual([['0', 1], ['0', 4]]);
    // Three weights, a bias and two outgoing weights of each.
    expect(found!.weights).toBe(12);
    const lost = [...parameters].flatMap(([name, { values }]) => Array.from(values, (x, i) => x - found!.parameters.get(name)!.values[i]!)).filter((x) => x !== 0);
    expect(lost).toHaveLength(12);
    expect(found!.norm).toBeCloseTo(Math.hypot(...lost), 12);
    // The larger one passes 1e-5 times 1e-6.
    expect(found!.moved).toBeGreaterThan(1e-13);
    expect(found!.moved).toBeLessThan(1e-9);
    expect(found!.touches(new Map([['0.weight', Float64Array.from({ length: 15 }, (_, i) => (i === 13 ? 1 : 0))]]))).toBe(true);
    expect(found!.touches(new Map([['0.weight', Float64Array.from({ length: 15 }, (_, i) => (i === 0 ? 1 : 0))]]))).toBe(false);
  });

  it('stay as they are where the outputs would notice', async () => {
    // Alive on the way in, 1e-6 on the way out: the outputs would move by that.
    expect((await network({ 2: [1, 1e-6] })).found).toBeNull();
    const mixed = await network({ 0: [1e-6, 1e-6], 2: [1, 1e-6], 3: [1, 1e-10] });
    expect(mixed.found!.units.map(({ index }) => index)).toEqual([3, 0]);
    expect([...mixed.found!.parameters.get('0.weight')!.values].slice(6, 12)).toEqual([...mixed.parameters.get('0.weight')!.values].slice(6, 12));
  });

  it('are none in a network that is all alive, where units are exactly dead, or where the outputs do not vary', async () => {
    expect((await network({})).found).toBeNull();
    expect((await network({ 1: [0, 0] })).found).toBeNull();
    expect((await network({ 1: [1e-8, 1e-8] }, (w1) => w1.fill(0))).found).toBeNull();
  });
});
