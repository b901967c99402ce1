/** The readings of a deep linear network, by the pipeline that reads checkpoints: taps, Grams, eigenvalues, floors. */
import { runModel } from '../../analysis/model-taps';
import type { Spectrum } from '../../analysis/report';
import { solveSpectrum } from '../../analysis/spectra';
import { InputError } from '../../base/errors';
import { recogniseModel } from '../../model/recognise';
import type { Model } from '../../model/types';
import { inlineSolver } from '../../numerics/solver';
import type { Numerics } from '../../numerics/types';
import { memoryCheckpoint } from '../memory-checkpoint';
import type { Samples } from './samples';
import type { Chain } from './setting';

/** Digits that an eigenvalue is known to where it is read: slopes need no more, and the floor is low. */
const DIGITS = 3;

export class ChainReader {
  private constructor(
    private readonly model: Model,
    private readonly numerics: Numerics,
    private readonly width: number,
  ) {}

  static async open(numerics: Numerics, depth: number, width: number): Promise<ChainReader> {
    const values = new Float64Array(width * width);
    const parameters = new Map(Array.from({ length: depth }, (_, l) => [weightName(l), { values, shape: [width, width] }]));
    const { model } = await recogniseModel(memoryCheckpoint('bridge', parameters), { activation: 'linear' });
    return new ChainReader(model!, numerics, width);
  }

  /** Activation and gradient of the hidden layers 1 .. L - 1, under the labels of the samples. */
  async read(chain: Chain, { count, inputs, targets }: Samples, signal: AbortSignal): Promise<Spectrum[]> {
    const { model, numerics, width } = this;
    const { ops } = numerics;
    const weights = new Map(chain.map((values, l) => [weightName(l), ops.constant(values, [width, width])]));
    const probe = {
      kind: 'bridge',
      description: 'samples of the teacher',
      inputs: { kind: 'vector', values: inputs, samples: count, width },
      targets: { kind: 'values', values: targets },
    } as const;
    const settings = { loss: 'mse', fisher: 'empirical', seed: 0, folds: 0, parameter: false, gradients: true } as const;
    const refuse = (layer: string, _: unknown, reason: string): never => {
      throw new InputError('protocol', `Layer ${layer} could not be read: ${reason} If the run diverged, choose a smaller learning rate or condition number.`);
    };
    try {
      const { grams } = await runModel(model, weights, probe, model.layers.slice(0, -1), settings, numerics, { progress: () => {}, skip: refuse, signal });
      const spectra: Spectrum[] = [];
      for (const { layer, side, total, ...g } of grams) {
        if ('values' in total) throw new Error('internal: a chain this wide has no Gram');
        const job = { ...g, tap: { layer, side }, total, tapRoundoff: ops.roundoff, digits: DIGITS, threshold: 0 };
        spectra.push(await solveSpectrum(job, inlineSolver, signal));
      }
      return spectra;
    } finally {
      ops.dispose(...weights.values());
    }
  }
}

/** Layer l counts from 1, as in the theory. */
const weightName = (index: number) => `${index + 1}.weight`;
