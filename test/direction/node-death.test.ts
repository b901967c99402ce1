/** Typed intersections from reads, against closed forms. */
import { describe, expect, it } from 'vitest';
import { format } from '../../src/base/rational';
import { Random } from '../../src/base/random';
import { ArcMap } from '../../src/direction/arc-map';
import { ArcReader } from '../../src/direction/arc-order';
import { deadNodes, readNodeDeath, takenTogether } from '../../src/direction/node-death';
import type { OutputMap } from '../../src/direction/output-map';
import { pairType } from '../../src/direction/pair-type';
import { modelOutputs } from '../../src/direction/output-map';
import { recogniseModel } from '../../src/model/recognise';
import { cpuOps } from '../../src/numerics/cpu/ops';
import type { Ops } from '../../src/numerics/ops';
import { deadUnit } from '../../src/theory/small-networks';
import { stubCheckpoint } from '../checkpoint-stub';

const ops = cpuOps();

describe('two directions of a polynomial', () => {
  type Polynomial = <T>(o: Ops<T>, a: T, b: T) => T[];
  const power = <T>(o: Ops<T>, x: T, k: number): T => (k === 1 ? x : o.mul(x, power(o, x, k - 1)));
  const typeOf = async (f: Polynomial) => {
    const map: OutputMap = {
      weights: new Map([['w', { values: new Float64Array(2), shape: [2] }]]),
      samples: null,
      outputs(o, at) {
        const parts = f(o, o.slice(at('w'), [0], [1]), o.slice(at('w'), [1], [1]));
        // Side by side: every part on its own sample.
        return parts.map((part, i) => o.mul(part, o.constant(Float64Array.from(parts, (_, j) => (i === j ? 1 : 0)), [parts.length]))).reduce((x, y) => o.add(x, y));
      },
    };
    const reader = await ArcReader.open(await ArcMap.open(ops, map));
    return pairType(ops, reader, [Float64Array.of(0.3, 0), Float64Array.of(0, 0.3)]);
  };

  it.each([
    ['a b', [1, 1], (o, a, b) => [o.mul(a, b)]],
    ['a b^2', [1, 2], (o, a, b) => [o.mul(a, power(o, b, 2))]],
    ['a^2 b^2', [2, 2], (o, a, b) => [o.mul(power(o, a, 2), power(o, b, 2))]],
  ] as [string, number[], Polynomial][])('%s: they cross with the exponents %j', async (_, orders, f) => {
    expect(await typeOf(f)).toEqual({ type: 'crossing', orders, together: orders[0]! + orders[1]! });
  });

  it('(a^2, b^3) is independent, and of a^2 + b, where b is alive, nothing is claimed', async () => {
    expect(await typeOf((o, a, b) => [power(o, a, 2), power(o, b, 3)])).toEqual({ type: 'independent', orders: [2, 3] });
    // Along a^2 + b the live b takes a back.
    expect(await typeOf((o, a, b) => [o.add(power(o, a, 2), b)])).toMatchObject({ type: 'unknown' });
  });
});

describe('a dead unit', () => {
  interface Case {
    activation: string;
    widths: readonly [number, number, number];
    biases?: boolean;
    /** Units that are dead; the rest is random. */
    dead?: number;
  }

  async function death({ activation, widths: [inputs, hidden, outputs], biases = false, dead = 1 }: Case) {
    const random = new Random(5);
    const tensors: Record<string, { shape: number[]; values: Float64Array }> = {
      '0.weight': { shape: [hidden, inputs], values: random.normals(hidden * inputs) },
      '2.weight': { shape: [outputs, hidden], values: random.normals(outputs * hidden) },
    };
    if (biases) {
      tensors['0.bias'] = { shape: [hidden], values: random.normals(hidden) };
      tensors['2.bias'] = { shape: [outputs], values: random.normals(outputs) };
    }
    for (let unit = hidden - dead; unit < hidden; unit++) {
      tensors['0.weight']!.values.fill(0, unit * inputs, (unit + 1) * inputs);
      if (biases) tensors['0.bias']!.values[unit] = 0;
      for (let o = 0; o < outputs; o++) tensors['2.weight']!.values[o * hidden + unit] = 0;
    }
    const verdict = await recogniseModel(stubCheckpoint(Object.fromEntries(Object.entries(tensors).map(([k, v]) => [k, { ...v, dtype: 'f64' as const }]))), { activation });
    if (!verdict.model) throw new Error(verdict.sentence);
    const { model } = verdict;
    const parameters = await model.parameters();
    const samples = 80;
    const batch = { kind: 'vector', values: random.normals(samples * inputs), samples, width: inputs } as const;
    const reader = await ArcReader.open(await ArcMap.open(ops, modelOutputs(model, parameters, batch, { loss: 'mse' })));
    const nodes = deadNodes(model.spaces(), parameters);
    expect(nodes.map(({ index }) => index)).toEqual(Array.from({ length: dead }, (_, i) => hidden - dead + i));
    const deaths = [];
    for (const node of nodes) deaths.push(await readNodeDeath(ops, reader, node, parameters, random.split('death')));
    return takenTogether(deaths, true)!;
  }

  it.each([
    // |q|^2 |p|^(2 e) in general position: min(outputs / 2, inputs / (2 e)), ties count twice.
    ['tanh', [5, 3, 1], 1, 2],
    ['tanh', [2, 3, 4], 1, 2],
    ['tanh', [3, 3, 3], 1, 2],
    ['gelu', [1, 2, 1], 1, 2],
    ['gelu', [4, 3, 2], 1, 2],
    ['quadratic', [1, 1, 1], 2, 3],
    ['quadratic', [2, 1, 1], 2, 3],
    ['quadratic', [5, 3, 1], 2, 3],
  ] as const)('%s, widths %j: the crossing of its two loci', async (activation, widths, e, order) => {
    const found = await death({ activation, widths });
    if (!found.singularity) throw new Error(found.reason);
    const known = deadUnit(widths[0], widths[2], e);
    expect([format(found.singularity.lambda), found.singularity.multiplicity]).toEqual([format(known.lambda), known.multiplicity]);
    expect(found.order).toBe(order);
  });

  it('does not count what an output bias absorbs: q tanh(p x + c) + b has codimensions 1 and 1', async () => {
    const found = await death({ activation: 'tanh', widths: [1, 3, 1], biases: true });
    expect(found).toMatchObject({ singularity: { multiplicity: 2 }, reads: expect.stringContaining('incoming weights zero (order 1, codimension 1)') });
    const wide = await death({ activation: 'tanh', widths: [4, 3, 2], biases: true });
    expect(wide).toMatchObject({ singularity: { multiplicity: 1 }, reads: expect.stringContaining('codimension 4) crosses outgoing weights zero (order 1, codimension 2)') });
  });

  it('takes several together where they are as singular as the product of matrices that they tend to', async () => {
    // 6 inputs, 1 output: reduced rank (6, 2, 1) at rank 0 has lambda 1, as two times 1 / 2.
    expect(await death({ activation: 'tanh', widths: [6, 4, 1], dead: 2 })).toMatchObject({ singularity: { lambda: { numerator: 1, denominator: 1 }, multiplicity: 1 } });
    // One input, one output: 1 / 2 for the product, 2 / 3 for tanh (Aoyagi & Nagata), 1 for the sum.
    expect(await death({ activation: 'tanh', widths: [1, 3, 1], dead: 2 })).toMatchObject({ singularity: null, reason: expect.stringContaining('between 1/2 and 1') });
  });

  it('says why where the reads do not tell', async () => {
    expect(await death({ activation: 'relu', widths: [3, 3, 2] })).toMatchObject({ singularity: null, reason: expect.stringContaining('kink') });
    // Two live squares of two inputs reach all squares: the dead one is flat.
    expect(await death({ activation: 'quadratic', widths: [2, 4, 1] })).toMatchObject({ singularity: null, reason: expect.stringContaining('flat') });
    // 3 inputs, 2 of which live units take up: the codimension is between 1 and 3, and 1 / 4 is not 1 / 2.
    const open = await death({ activation: 'quadratic', widths: [3, 3, 1] });
    expect(open).toMatchObject({ singularity: null, reason: expect.stringContaining('too roughly') });
  });
});
