import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { ArcMap } from '../../src/direction/arc-map';
import { ArcReader } from '../../src/direction/arc-order';
import type { OutputMap } from '../../src/direction/output-map';
import { readDirections } from '../../src/direction/read-directions';
import type { Route } from '../../src/direction/tangent';
import type { Candidate } from '../../src/direction/types';
import { cpuOps } from '../../src/numerics/cpu/ops';
import { planted, together } from './networks';

const ops = cpuOps();
const random = new Random(9);
const WIDTHS = [4, 6, 5, 3] as const;
const candidate = (vector: Candidate['vector'], rest: Partial<Candidate> = {}): Candidate => ({ detector: 'test', layer: 'second', vector, ...rest });

function structures(activation: string, samples = 100, outputs = 3) {
  const map = planted(activation, [4, 6, 5, outputs], samples);
  const turn = random.normals(6);
  const traded = random.normals(outputs);
  return {
    map,
    dead: candidate(map.unit(0, random.normals(6), random.normals(outputs))),
    rescaled: candidate(map.rescaling(3), { generators: [1, 2, 3, 4].map((i) => map.rescaling(i)) }),
    traded: candidate(together(map.unit(1, null, traded), map.unit(2, null, traded.map((x) => -x)))),
    alive: candidate(map.unit(3, turn, null)),
  };
}

describe('planted structure', () => {
  it.each(['tanh', 'gelu', 'relu', 'silu'])('%s', async (activation) => {
    const { map, dead, rescaled, traded, alive } = structures(activation);
    const [d, r, t, a] = await readDirections(ops, map, [dead, rescaled, traded, alive]);
    expect(d).toMatchObject({ detector: 'test', layer: 'second', lineOrder: 2, order: 2, verdict: 'singular', coefficient: 1 / 4 });
    expect(t).toMatchObject({ lineOrder: null, order: null, verdict: 'flat fibre', coefficient: 0 });
    expect(a).toMatchObject({ lineOrder: 1, order: 1, verdict: 'regular', coefficient: 1 / 2 });
    expect(r).toMatchObject(activation === 'relu' ? { lineOrder: 2, order: null, verdict: 'gauge', coefficient: 0 } : { order: 1, verdict: 'regular' });
    // The sizes behind a plot: present on the line, gone after the lift.
    if (activation === 'relu') {
      expect(r!.obstructions[1]!.line).toBeGreaterThan(1e-3);
      expect(r!.obstructions.every((o) => o.lifted! < 1e-8)).toBe(true);
    }
  });

  it('a flat direction without a generator for it is a fibre, and any combination of generators is a gauge', async () => {
    const { map, rescaled } = structures('relu');
    const mixed = together(map.rescaling(1), map.rescaling(4));
    const [bare, other, both] = await readDirections(ops, map, [
      { ...rescaled, generators: [] },
      { ...rescaled, generators: [map.rescaling(1)] },
      candidate(mixed, { generators: rescaled.generators! }),
    ]);
    expect([bare!.verdict, other!.verdict, both!.verdict]).toEqual(['flat fibre', 'flat fibre', 'gauge']);
  });

  it.each(['factor', 'gram', 'products'] as Route[])('J by the route %s: the same verdicts', { timeout: 60_000 }, async (route) => {
    const { map, dead, rescaled, traded, alive } = structures('relu', 60);
    const found = await readDirections(ops, map, [dead, rescaled, traded, alive], { route, maxOrder: 3 });
    expect(found.map((d) => [d.order, d.verdict])).toEqual([[2, 'singular'], [null, 'gauge'], [null, 'flat fibre'], [1, 'regular']]);
  });
});

describe('nothing is claimed', () => {
  const verdicts = async (map: OutputMap, candidates: Candidate[]) => {
    const found = await readDirections(ops, map, candidates);
    return found.map(({ verdict, order, coefficient, evidence }) => {
      if (verdict === 'unresolved') expect([order, coefficient]).toEqual([null, null]);
      return { verdict, evidence };
    });
  };

  it('of weights that are not numbers', async () => {
    const map = planted('tanh', WIDTHS, 60, (w) => (w.first![2] = NaN));
    const [found] = await verdicts(map, [candidate(map.unit(0, random.normals(6), null))]);
    expect(found).toEqual({ verdict: 'unresolved', evidence: "'first' holds NaN at position 2: directions need finite weights." });
  });

  it('of a zero direction, one with NaN, and one of another network', async () => {
    const map = planted('tanh', WIDTHS, 60);
    const found = await verdicts(map, [
      candidate(new Map()),
      candidate(map.unit(1, new Float64Array(6).fill(NaN), null)),
      candidate(new Map([['elsewhere', new Float64Array(2)]])),
    ]);
    expect(found.map((f) => f.verdict)).toEqual(['unresolved', 'unresolved', 'unresolved']);
    expect(found[2]!.evidence).toContain('elsewhere');
  });

  it.each([
    [1, 1, 'one sample'],
    [1, 3, 'one sample'],
    [2, 1, 'About 118 samples would do.'],
    [10, 3, 'About 46 samples would do.'],
  ])('of what looks dead on %i samples of %i outputs', async (samples, outputs, sentence) => {
    const { map, dead, traded, alive } = structures('tanh', samples, outputs);
    const found = await verdicts(map, [dead, traded, alive]);
    expect(found.map((f) => f.verdict)).toEqual(['unresolved', 'unresolved', 'regular']);
    expect(found[0]!.evidence).toContain(sentence);
  });

  it('on fewer samples than the sentence names: that many do', async () => {
    const { map, dead } = structures('tanh', 20);
    const [few] = await verdicts(map, [dead]);
    expect(few!.verdict).toBe('unresolved');
    const enough = Number(/About (\d+) samples would do/.exec(few!.evidence)![1]);
    const more = structures('tanh', enough);
    expect((await verdicts(more.map, [more.dead]))[0]!.verdict).toBe('singular');
    const [limited] = await readDirections(ops, map, [dead], { mostSamples: 30 });
    expect(limited!.evidence).toContain(`About ${enough} samples would do, and at most 30 are followed.`);
  });

  it('of anything on one sample on which all is dead', async () => {
    const map = planted('tanh', WIDTHS, 1, (w) => {
      w.second!.fill(0);
      w.last!.fill(0);
    });
    const [found] = await verdicts(map, [candidate(map.unit(1, random.normals(6), random.normals(3)))]);
    expect(found!.verdict).toBe('unresolved');
  });

  it('of a known symmetry only where the probe could have spoken against it', async () => {
    for (const [samples, verdict] of [[1, 'unresolved'], [3, 'unresolved'], [100, 'gauge']] as const) {
      const { map, rescaled } = structures('relu', samples);
      expect((await verdicts(map, [rescaled]))[0]!.verdict, `${samples} samples`).toBe(verdict);
    }
  });

  it('of a network whose last layer is zero: no direction but those of that layer moves the outputs', async () => {
    const map = planted('tanh', WIDTHS, 60, (w) => w.last!.fill(0));
    const [found] = await verdicts(map, [candidate(map.unit(1, random.normals(6), null))]);
    expect(found!.verdict).toBe('flat fibre');
    const still = planted('relu', WIDTHS, 60, (w) => {
      w.first!.fill(0);
      w.second!.fill(0);
      w.last!.fill(0);
    });
    expect((await verdicts(still, [candidate(map.unit(1, random.normals(6), null))]))[0]!.verdict).not.toBe('regular');
  });

  it('of a relu unit that no sample switches on', async () => {
    // Its inputs are positive, its weights negative.
    const map = planted('relu', WIDTHS, 100, (w) => w.second!.fill(-1, 3 * 6, 4 * 6));
    const [inward, outward, gauge, other] = await verdicts(map, [
      candidate(map.unit(3, random.normals(6), null)),
      candidate(map.unit(3, null, random.normals(3))),
      candidate(map.rescaling(3), { generators: [map.rescaling(3)] }),
      candidate(together(map.unit(1, null, [1, 2, 3]), map.unit(2, null, [-1, -2, -3]))),
    ]);
    expect(inward!.verdict).toBe('unresolved');
    expect(inward!.evidence).toContain('relu unit');
    expect(outward!.verdict).toBe('unresolved');
    expect(['gauge', 'unresolved']).toContain(gauge!.verdict);
    expect(other!.verdict).toBe('flat fibre');
  });

  it('of a direction that is nearly dead', async () => {
    const map = planted('tanh', WIDTHS, 100, (w) => {
      for (let o = 0; o < 3; o++) w.last![o * 5] = 3e-7;
    });
    const [found] = await verdicts(map, [candidate(map.unit(0, random.normals(6), random.normals(3)))]);
    expect(found!.verdict).toBe('unresolved');
    expect(found!.evidence).toContain('order 1');
  });

  it('of a direction found on a probe that shows all but a few live directions', async () => {
    const map = planted('relu', WIDTHS, 100);
    const reader = await ArcReader.open(await ArcMap.open(ops, map));
    const u = reader.map.flat(map.unit(0, random.normals(6), random.normals(3)));
    expect((await reader.read(u)).doubt).toBeNull();
    const tangent = Object.assign(Object.create(reader.tangent), { saturation: 'most' });
    const most = Object.assign(Object.create(reader) as ArcReader, { tangent });
    expect((await most.read(u)).order).toBe(2);
    expect((await most.read(u, { fromProbe: true })).doubt).toBe('probe-too-small');
  });
});

describe('a branch that only a bent arc follows', () => {
  /** x (y - x^2) among many weights that do nothing, seen by 30 outputs: too large a system to be written out. */
  const wide = (width: number): OutputMap => ({
    weights: new Map([['w', { values: new Float64Array(width), shape: [width] }]]),
    samples: null,
    outputs(ops, at) {
      const [x, y] = [0, 1].map((i) => ops.slice(at('w'), [i], [1])) as [ReturnType<typeof at>, ReturnType<typeof at>];
      const bent = ops.mul(x, ops.sub(y, ops.mul(x, x)));
      return ops.mul(bent, ops.constant(Float64Array.from({ length: 30 }, (_, i) => 1 + i), [30]));
    },
  });

  it.each([2, 3000])('is found among %i weights', async (width) => {
    const u = new Float64Array(width);
    u[0] = 1;
    const map = await ArcMap.open(ops, wide(width));
    const reader = await ArcReader.open(map);
    const reading = await reader.read(u);
    expect(reading).toMatchObject({ lineOrder: 3, order: null, doubt: null, lift: 'newton' });
    // The arc (t, t^2).
    expect(reading.arc[2]![1]).toBeCloseTo(1, 7);
  });
});

describe('one-sided orders', () => {
  /** y = relu(w_1) + w_2^2 on an analytic map: +e_1 moves at once, -e_1 not at all; e_2 at order 2. */
  const map: OutputMap = {
    weights: new Map([['w', { values: new Float64Array(2), shape: [2] }]]),
    samples: null,
    outputs(ops, at) {
      const part = (i: number) => ops.slice(at('w'), [i], [1]);
      return ops.add(ops.unary('relu', part(0)), ops.mul(part(1), part(1)));
    },
  };
  const along = (x: number, y: number) => candidate(new Map([['w', Float64Array.of(x, y)]]));

  it('the lower one counts', async () => {
    const found = await readDirections(ops, map, [along(1, 0), along(-1, 0), along(0, 1)]);
    expect(found.map((d) => d.order)).toEqual([1, 1, 2]);
  });
});
