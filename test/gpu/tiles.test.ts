/** Decoders whose embedding, MLP and logits are larger than the adapter hands its shaders: the bits of one piece, from tiles. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { analyze } from '../../src/analysis/analyze';
import { Backends } from '../../src/analysis/backends';
import type { Report } from '../../src/analysis/report';
import { Random } from '../../src/base/random';
import type { Checkpoint } from '../../src/checkpoint/types';
import { webgpuNumerics } from '../../src/gpu/numerics';
import { recogniseModel } from '../../src/model/recognise';
import type { Batch } from '../../src/model/types';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';
import type { TensorOps } from '../../src/numerics/ops';
import type { MeasuredNumerics } from '../../src/numerics/rates';
import { sizeOf } from '../../src/numerics/shape';
import { inlineSolver } from '../../src/numerics/solver';
import { Tape, type Var } from '../../src/numerics/tape';
import { tiledOps } from '../../src/numerics/tiled-ops';
import { seed } from '../../src/probe/loss';
import { stubCheckpoint } from '../checkpoint-stub';
import { openTestGpu } from './dawn';

const [VOCABULARY, WIDTH, HIDDEN, CONTEXT] = [200, 32, 160, 16];
/** Values of a tile: less than the embedding, either matrix of the MLP, and the logits. */
const MOST = 4096;

function random(shapes: Record<string, number[]>): Checkpoint {
  const normals = new Random(11);
  const scale = (shape: number[]) => (shape.length === 1 ? 0.1 : 1 / Math.sqrt(WIDTH));
  const mean = (name: string) => (/ln|norm/.test(name) ? 1 : 0);
  const values = (name: string, shape: number[]) => normals.normals(sizeOf(shape)).map((x) => Math.fround(mean(name) + x * scale(shape)));
  return stubCheckpoint(Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape, values: values(name, shape) }])));
}

const norm = (name: string) => ({ [`${name}.weight`]: [WIDTH], [`${name}.bias`]: [WIDTH] });
const linear = (name: string, rows: number, columns: number) => ({ [`${name}.weight`]: [rows, columns], [`${name}.bias`]: [columns] });

const gpt2 = random({
  'wte.weight': [VOCABULARY, WIDTH], 'wpe.weight': [CONTEXT, WIDTH], ...norm('h.0.ln_1'), ...norm('h.0.ln_2'), ...norm('ln_f'),
  ...linear('h.0.attn.c_attn', WIDTH, 3 * WIDTH), ...linear('h.0.attn.c_proj', WIDTH, WIDTH),
  ...linear('h.0.mlp.c_fc', WIDTH, HIDDEN), ...linear('h.0.mlp.c_proj', HIDDEN, WIDTH),
});

const block = 'model.layers.0';
const llama = random({
  'model.embed_tokens.weight': [VOCABULARY, WIDTH], 'lm_head.weight': [VOCABULARY, WIDTH], 'model.norm.weight': [WIDTH],
  [`${block}.input_layernorm.weight`]: [WIDTH], [`${block}.post_attention_layernorm.weight`]: [WIDTH],
  ...Object.fromEntries(['q', 'k', 'v', 'o'].map((part) => [`${block}.self_attn.${part}_proj.weight`, [WIDTH, WIDTH]])),
  [`${block}.mlp.gate_proj.weight`]: [HIDDEN, WIDTH], [`${block}.mlp.up_proj.weight`]: [HIDDEN, WIDTH], [`${block}.mlp.down_proj.weight`]: [WIDTH, HIDDEN],
});

const choices = { heads: '2' };
const [samples, positions] = [4, 6];
const batch: Batch = { kind: 'tokens', samples, positions, ids: Int32Array.from({ length: samples * positions }, (_, i) => (i * 7919) % VOCABULARY) };

const opened = await webgpuNumerics(await openTestGpu(), { allowSoftware: true });
if ('reason' in opened) throw new Error(opened.reason);
const inOnePiece: MeasuredNumerics = opened;
const inTiles: MeasuredNumerics = { ...inOnePiece, ops: tiledOps(inOnePiece.ops, MOST), binding: 4 * MOST };
afterAll(() => inOnePiece.dispose());

/** The logits, and the gradients of the loss by every parameter. */
async function differentiate(ops: TensorOps, checkpoint: Checkpoint): Promise<Map<string, Float64Array>> {
  const { model } = await recogniseModel(checkpoint, choices);
  const parameters = [...(await model!.parameters())];
  const before = tf.memory().numTensors;
  const { output, gradients } = ops.scope(() => {
    const tape = new Tape(ops);
    const weights = new Map(parameters.map(([name, { values, shape }]) => [name, tape.lift(ops.constant(values, shape))]));
    const output = model!.forward<Var<ReturnType<TensorOps['constant']>>>(tape, (name) => weights.get(name)!, batch, () => {});
    const rows = samples * positions;
    const labels = Int32Array.from({ length: rows }, (_, i) => (i * 31) % VOCABULARY);
    const loss = { loss: 'ce', fisher: 'empirical', rows, outputs: VOCABULARY, positions } as const;
    const start = seed(ops, output.value, { ...loss, carries: new Float64Array(rows).fill(1), targets: { kind: 'labels', labels }, random: new Random(0) }, 0);
    return { output: output.value, gradients: tape.gradient(output, start, [...weights.values()]) };
  });
  const found = new Map([['output', await ops.read(output)]]);
  for (const [i, [name]] of parameters.entries()) found.set(name, await ops.read(gradients[i]!));
  ops.dispose(output, ...new Set(gradients));
  expect(tf.memory().numTensors).toBe(before);
  return found;
}

function spectra(numerics: MeasuredNumerics, checkpoint: Checkpoint, layers: string, parameter = false): Promise<Report> {
  const backends = new Backends(cpuNumerics(), 1, async () => numerics);
  const request = { samples, positions, choices, layers, parameter, folds: 0 };
  const means = { reference: backends.reference, solver: inlineSolver, emit: () => {} };
  return backends.run('webgpu', (choose) => analyze(checkpoint, null, request, { ...means, numerics: choose }));
}

describe.each([
  ['GPT-2, tied', gpt2],
  ['Llama, untied', llama],
])('%s', (_, checkpoint) => {
  it('has the bits of whole tensors, gradients too, and leaves nothing on the device', { timeout: 180_000 }, async () => {
    const whole = await differentiate(inOnePiece.ops, checkpoint);
    const tiled = await differentiate(inTiles.ops, checkpoint);
    expect(whole.size).toBeGreaterThan(10);
    for (const [name, values] of whole) {
      expect(values.some((x) => x !== 0), name).toBe(true);
      expect(tiled.get(name), name).toEqual(values);
    }
  });

  it('has the spectra of whole tensors, and says that there are tiles', async () => {
    const whole = await spectra(inOnePiece, checkpoint, '');
    const tiled = await spectra(inTiles, checkpoint, '');
    expect(tiled.provenance).toMatchObject({ backend: 'webgpu', choice: { reason: expect.stringMatching(/takes .* in float32 and is kept in tiles/) } });
    expect(whole.provenance.choice?.reason).not.toContain('tiles');
    expect(tiled.spectra.length).toBeGreaterThan(8);
    expect(tiled.spectra.map((s) => [s.tap, s.gram, s.eigenvalues])).toEqual(whole.spectra.map((s) => [s.tap, s.gram, s.eigenvalues]));
  });

  it('goes to the CPU where our kernels need a tensor whole that does not fit into a tile', async () => {
    const { provenance, spectra: found } = await spectra(inTiles, checkpoint, 'lm_head', true);
    expect(provenance.backend).toBe('cpu-f64');
    expect(provenance.choice?.reason).toMatch(/^A tensor \[24, 200\] is too large .* This runs in float64 on the CPU\.$/);
    expect(found.map(({ tap }) => tap.side)).toEqual(['activation', 'gradient', 'parameter']);
  });
});
