/**
 * What the floor of float32 taps claims, held against the float64 pass: what is above it is right to its digits, what is zero in
 * float64 is below it. Real float32 layers (tfjs), exact Grams, both sides, networks from rank-deficient to fitted.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import type { TapGrams } from '../../src/analysis/layer-sums';
import { runModel } from '../../src/analysis/model-taps';
import { solveSpectrum } from '../../src/analysis/spectra';
import type { Spectrum } from '../../src/analysis/report';
import { webgpuNumerics } from '../../src/gpu/numerics';
import { activate } from '../../src/model/layers/activations';
import type { Model, Parameter } from '../../src/model/types';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';
import { inlineSolver } from '../../src/numerics/solver';
import type { Gram, Numerics } from '../../src/numerics/types';
import type { Probe } from '../../src/probe/types';
import { disagreements } from '../oracle/agreement';
import { openTestGpu } from './dawn';

const opened = await webgpuNumerics(await openTestGpu(), { allowSoftware: true });
if ('reason' in opened) throw new Error(opened.reason);
const single: Numerics = opened;
const double = cpuNumerics();
afterAll(() => single.dispose());

interface Net {
  activation: string;
  widths: readonly number[];
  /** Standard deviation of the last layer's weights against He's: large ones make confident outputs. */
  gain: number;
  loss: 'mse' | 'ce';
  /** The labels are the network's own answers: the seeds of the backward pass are small differences. */
  fitted: boolean;
}

const outputs = 6;
const rows = 256;

/** Weights and inputs are float32 numbers: both passes start from the same. */
function model(net: Net, random: Random): { model: Model; parameters: Map<string, Parameter> } {
  const widths = [...net.widths, outputs];
  const parameters = new Map<string, Parameter>();
  const normal = (scale: number, count: number) => Float32Array.from(random.normals(count), (v) => scale * v);
  for (let l = 1; l < widths.length; l++) {
    const scale = Math.sqrt(2 / widths[l - 1]!) * (l === widths.length - 1 ? net.gain : 1);
    parameters.set(`${l}.weight`, { values: normal(scale, widths[l]! * widths[l - 1]!), shape: [widths[l]!, widths[l - 1]!] });
    parameters.set(`${l}.bias`, { values: normal(0.1, widths[l]!), shape: [widths[l]!] });
  }
  const layers = widths.slice(1).map((width, l) => {
    return { name: `${l + 1}`, kind: 'linear', width, activation: l + 2 < widths.length ? net.activation : 'linear', dense: null };
  });
  const made: Pick<Model, 'layers' | 'outputs' | 'forward'> = {
    layers,
    outputs,
    forward(ops, weights, batch, sink) {
      if (batch.kind !== 'vector') throw new Error('vectors only');
      let x = ops.constant(batch.values, [batch.samples, batch.width]);
      for (const { name, activation } of layers) {
        const input = x;
        const pre = ops.add(ops.matmul(x, weights(`${name}.weight`), { transposeB: true }), weights(`${name}.bias`));
        x = activate(ops, activation, pre);
        sink(name, { input, bias: true, pre, post: x });
      }
      return x;
    },
  };
  return { model: made as Model, parameters };
}

function ownAnswers(net: Model, parameters: ReadonlyMap<string, Parameter>, values: Float64Array, width: number): Promise<Float64Array> {
  const { ops } = double;
  const weights = (name: string) => ops.constant(parameters.get(name)!.values, parameters.get(name)!.shape);
  return ops.read(net.forward(ops, weights, { kind: 'vector', values, samples: rows, width }, () => undefined));
}

async function spectra(numerics: Numerics, net: Model, parameters: ReadonlyMap<string, Parameter>, probe: Probe, loss: 'mse' | 'ce'): Promise<Spectrum[]> {
  const weights = new Map([...parameters].map(([name, p]) => [name, numerics.ops.constant(p.values, p.shape)]));
  const settings = { loss, fisher: 'empirical' as const, seed: 1, folds: 0, parameter: false, gradients: true };
  const skip = (layer: string, _: string, reason: string) => expect.fail(`${layer}: ${reason}`);
  const { grams } = await runModel(net, weights, probe, net.layers, settings, numerics, { progress: () => undefined, skip });
  const tapRoundoff = numerics.ops.roundoff;
  const job = (g: TapGrams) => ({ ...g, total: g.total as Gram, tap: { layer: g.layer, side: g.side }, tapRoundoff, digits: 1, threshold: 0 });
  return Promise.all(grams.map((g) => solveSpectrum(job(g), inlineSolver)));
}

const nets: [string, Net][] = [
  ['tanh of one input', { activation: 'tanh', widths: [1, 64, 64], gain: 1, loss: 'mse', fitted: false }],
  ['gelu of two inputs', { activation: 'gelu', widths: [2, 96], gain: 1, loss: 'ce', fitted: false }],
  ['deep relu', { activation: 'relu', widths: [4, 48, 48, 48, 48, 48], gain: 1, loss: 'mse', fitted: false }],
  ['confident relu', { activation: 'relu', widths: [2, 64, 64], gain: 30, loss: 'ce', fitted: true }],
  ['confident sigmoid', { activation: 'sigmoid', widths: [2, 64, 64], gain: 30, loss: 'ce', fitted: true }],
  ['fitted silu', { activation: 'silu', widths: [3, 40, 40], gain: 1, loss: 'mse', fitted: true }],
];

describe('the floor of float32 taps', () => {
  it.each(nets)('%s: every eigenvalue is what it says', async (_, net) => {
    const random = new Random(7);
    const width = net.widths[0]!;
    const made = model(net, random);
    const values = Float64Array.from(random.normals(rows * width), Math.fround);
    const answers = await ownAnswers(made.model, made.parameters, values, width);
    const labels = Int32Array.from({ length: rows }, (_, i) => {
      const row = answers.subarray(i * outputs, (i + 1) * outputs);
      return net.fitted ? row.indexOf(row.reduce((a, b) => Math.max(a, b))) : random.integer(outputs);
    });
    const near = answers.map((v) => Math.fround(v + (net.fitted ? 1e-3 : 1) * random.normal()));
    const targets = net.loss === 'ce' ? { kind: 'labels' as const, labels } : { kind: 'values' as const, values: near };
    const probe: Probe = { kind: 'file', description: '', inputs: { kind: 'vector', values, samples: rows, width }, targets };
    const truth = await spectra(double, made.model, made.parameters, probe, net.loss);
    const found = await spectra(single, made.model, made.parameters, probe, net.loss);
    expect(found.length).toBe(2 * made.model.layers.length);
    let read = 0;
    for (const [k, s] of found.entries()) {
      const where = `${s.tap.layer} ${s.tap.side}`;
      expect(s.tap, where).toEqual(truth[k]!.tap);
      // A floor that hides everything would pass too, unless the gradients are small differences.
      if (s.tap.side === 'activation') expect(s.floor, where).toBeLessThan(1e-11 * s.eigenvalues[0]!);
      expect(disagreements(s, truth[k]!.eigenvalues)).toEqual([]);
      read += s.rank!;
    }
    expect(read).toBeGreaterThan(40);
  });
});
