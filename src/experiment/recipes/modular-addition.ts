/** One-layer transformers of several widths that learn a + b mod p: what the spectral readings tell apart, beside LLC. */
import { InputError } from '../../base/errors';
import { experiment, integer, integers, real } from '../experiment';
import { compare } from '../modular-addition/comparison';
import { plotsOf, summaryOf, tableOf } from '../modular-addition/presentation';
import { sweep } from '../modular-addition/sweep';

export const modularAddition = experiment({
  name: 'modular-addition',
  title: 'modular addition across d_model: orders of separation beside LLC',
  claim:
    'DDS separates d_model over eighteen orders of magnitude where the calibrated LLC is rank-flat (Dead-Direction Signatures, 2606.21158). ' +
    'The reading put to it here is log det+ of the Fisher-Gram at blocks.0.attn.W_O.',
  parameters: {
    modulus: integer('modulus p', { small: 11, full: 31, least: 5, most: 113 }),
    widths: integers('d_model, multiples of 8', { small: [8, 16, 32], full: [16, 32, 64], least: 8, most: 128 }),
    trainFraction: real('pairs to train on', { small: 0.8, full: 0.7, least: 0.1, most: 0.95 }),
    steps: integer('AdamW steps, full batch', { small: 150, full: 600, least: 1, most: 100_000 }),
    learningRate: real('learning rate', { small: 3e-3, full: 3e-3, least: 0, most: 1 }),
    weightDecay: real('weight decay', { small: 1, full: 1, least: 0, most: 10 }),
    seeds: integer('networks of each width', { small: 2, full: 2, least: 1, most: 20 }),
    chains: integer('SGLD chains', { small: 2, full: 2, least: 1, most: 64 }),
    stepSize: real('SGLD step size', { small: 1e-4, full: 1e-4, least: 1e-9, most: 1 }),
    localisation: real('SGLD localisation', { small: 100, full: 100, least: 0, most: 1e5 }),
    budget: integer('larger LLC budget, in readings', { small: 5, full: 10, least: 1, most: 10_000 }),
  },
  async run({ numerics, protocol, seed, signal, progress }) {
    const widths = [...new Set(protocol.widths)].sort((a, b) => a - b);
    const odd = widths.find((width) => width % 8 !== 0);
    if (odd !== undefined) throw new InputError('protocol', `widths are multiples of 8, the width of a head, not ${odd}.`);
    const points = await sweep({ ...protocol, widths }, { numerics, seed, signal, progress });
    const comparison = compare(points);
    return {
      data: { points, comparison },
      table: tableOf(points, comparison),
      summary: summaryOf(points, comparison),
      plots: plotsOf(points, comparison),
    };
  },
});
