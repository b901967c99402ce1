/** Directions of real models: what `Model.forward` says, with symmetries that its architecture has. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { ArcMap } from '../../src/direction/arc-map';
import { modelOutputs } from '../../src/direction/output-map';
import { readDirections } from '../../src/direction/read-directions';
import { recogniseModel } from '../../src/model/recognise';
import type { Model } from '../../src/model/types';
import { cpuOps, cpuValues } from '../../src/numerics/cpu/ops';
import { stubCheckpoint, type Stub } from '../checkpoint-stub';

const ops = cpuOps();
const random = new Random(12);
const normal = (...shape: number[]): Stub => ({ shape, values: random.normals(shape.reduce((a, b) => a * b, 1)).map((x) => 0.7 * x), dtype: 'f64' });

async function modelOf(tensors: Record<string, Stub>, choices = {}): Promise<Model> {
  const verdict = await recogniseModel(stubCheckpoint(tensors), choices);
  if (!verdict.model) throw new Error(verdict.sentence);
  return verdict.model;
}

describe('an MLP', async () => {
  const tensors = { '0.weight': normal(5, 3), '0.bias': normal(5), '2.weight': normal(2, 5), '2.bias': normal(2) };
  const model = await modelOf(tensors, { activation: 'relu' });
  const parameters = await model.parameters();
  const batch = { kind: 'vector', values: random.normals(80 * 3), samples: 80, width: 3 } as const;

  it('gives its outputs over the root of the samples, and centred logits', async () => {
    const weights = (name: string) => ops.constant(parameters.get(name)!.values, parameters.get(name)!.shape);
    const plain = cpuValues(model.forward(ops, weights, batch, () => {}));
    const values = async (options: Parameters<typeof modelOutputs>[3]) => {
      const map = await ArcMap.open(ops, modelOutputs(model, parameters, batch, options));
      return (await map.coefficients([map.point], 0))[0]!;
    };
    const mse = await values({ loss: 'mse' });
    expect(Math.abs(mse[7]! - plain[7]! / Math.sqrt(80))).toBeLessThan(1e-15);
    const ce = await values({ loss: 'ce' });
    expect(ce[0]! + ce[1]!).toBeCloseTo(0, 15);
    expect(ce[0]! - ce[1]!).toBeCloseTo(mse[0]! - mse[1]!, 14);
    const two = await values({ loss: 'mse', rows: Int32Array.of(3, 5) });
    expect([...two]).toEqual([...mse.subarray(6, 8), ...mse.subarray(10, 12)]);
  });

  it('has the rescaling of a unit with its bias as a gauge, and with half of the weights held still as nothing', async () => {
    const incoming = Float64Array.from(parameters.get('0.weight')!.values).map((x, k) => (Math.floor(k / 3) === 1 ? x : 0));
    const bias = Float64Array.from(parameters.get('0.bias')!.values).map((x, k) => (k === 1 ? x : 0));
    const outgoing = Float64Array.from(parameters.get('2.weight')!.values).map((x, k) => (k % 5 === 1 ? -x : 0));
    const vector = new Map([['0.weight', incoming], ['0.bias', bias], ['2.weight', outgoing]]);
    const withoutBias = new Map([['0.weight', incoming], ['2.weight', outgoing]]);
    const read = [vector, withoutBias].map((v) => ({ detector: 'relu', layer: '0', vector: v, generators: [vector] }));
    const found = await readDirections(ops, modelOutputs(model, parameters, batch, { loss: 'mse' }), read);
    expect(found.map((d) => d.verdict)).toEqual(['gauge', 'regular']);
    const held = modelOutputs(model, parameters, batch, { loss: 'mse', moves: (name) => name.startsWith('0.') });
    const [refused] = await readDirections(ops, held, read);
    expect(refused!.evidence).toContain("'2.weight'");
  });
});

describe('a transformer', () => {
  const [V, D, H, W, M, T] = [5, 4, 1, 4, 3, 3];

  async function transformer(norm: 'layer-norm' | 'rms-norm') {
    const scale = (): Stub => ({ shape: [D], values: Float64Array.from({ length: D }, () => 0.6 + random.uniform()), dtype: 'f64' });
    const norms = ['blocks.0.ln1', 'blocks.0.ln2', 'ln_final'].flatMap((name) => [
      [`${name}.w`, scale()] as const,
      ...(norm === 'layer-norm' ? [[`${name}.b`, normal(D)] as const] : []),
    ]);
    const model = await modelOf(
      {
        'embed.W_E': normal(V, D),
        'pos_embed.W_pos': normal(T, D),
        ...Object.fromEntries(['W_Q', 'W_K', 'W_V'].map((n) => [`blocks.0.attn.${n}`, normal(H, D, W)])),
        ...Object.fromEntries(['b_Q', 'b_K', 'b_V'].map((n) => [`blocks.0.attn.${n}`, normal(H, W)])),
        'blocks.0.attn.W_O': normal(H, W, D),
        'blocks.0.attn.b_O': normal(D),
        'blocks.0.mlp.W_in': normal(D, M),
        'blocks.0.mlp.b_in': normal(M),
        'blocks.0.mlp.W_out': normal(M, D),
        'blocks.0.mlp.b_out': normal(D),
        'unembed.W_U': normal(D, V),
        'unembed.b_U': normal(V),
        ...Object.fromEntries(norms),
      },
      { activation: 'gelu' },
    );
    const parameters = await model.parameters();
    // All sequences of three tokens: the probe cannot show more.
    const ids = Int32Array.from({ length: V ** T * T }, (_, k) => Math.floor(Math.floor(k / T) / V ** (k % T)) % V);
    const map = modelOutputs(model, parameters, { kind: 'tokens', ids, samples: V ** T, positions: T }, { loss: 'ce' });
    return { map, values: (name: string) => Float64Array.from(parameters.get(name)?.values ?? new Float64Array(D)) };
  }

  /** W_in += (1 / scale) v^T, b_in -= v (shift / scale . 1): W [in, out] as this architecture stores it. */
  const kernel = (values: (name: string) => Float64Array, v: Float64Array) => {
    const inverse = values('blocks.0.ln2.w').map((x) => 1 / x);
    const constant = values('blocks.0.ln2.b').reduce((sum, x, j) => sum + x * inverse[j]!, 0);
    return new Map([
      ['blocks.0.mlp.W_in', Float64Array.from({ length: D * M }, (_, k) => inverse[Math.floor(k / M)]! * v[k % M]!)],
      ['blocks.0.mlp.b_in', v.map((x) => -x * constant)],
    ]);
  };

  it.each([['layer-norm', 'gauge'], ['rms-norm', 'regular']] as const)('%s: the kernel of the norm before the MLP is %s', { timeout: 120_000 }, async (norm, verdict) => {
    const { map, values } = await transformer(norm);
    const units = Array.from({ length: M }, (_, i) => Float64Array.from({ length: M }, (__, j) => (i === j ? 1 : 0)));
    const positionShift = new Map([
      ['embed.W_E', Float64Array.from({ length: V * D }, (_, k) => [1, -2, 0.5, 3][k % D]!)],
      ['pos_embed.W_pos', Float64Array.from({ length: T * D }, (_, k) => -[1, -2, 0.5, 3][k % D]!)],
    ]);
    const [found, shift] = await readDirections(ops, map, [
      { detector: 'norm kernel', layer: 'blocks.0.mlp.W_in', vector: kernel(values, Float64Array.of(0.3, -1, 0.5)), generators: units.map((v) => kernel(values, v)) },
      { detector: 'embedding shift', layer: 'embed.W_E', vector: positionShift, generators: [positionShift] },
    ], { maxOrder: 3 });
    expect(found!.verdict, found!.evidence).toBe(verdict);
    expect(shift!.verdict, shift!.evidence).toBe('gauge');
  });
});
