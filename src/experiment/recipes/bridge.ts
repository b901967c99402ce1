/** The deep-linear noisy bridge of paper A: the slope of log det+ counts dead directions, that of the smallest eigenvalue does not. */
import { InputError } from '../../base/errors';
import { Random } from '../../base/random';
import { unbalancedControl } from '../bridge/control';
import { correlationPlot, readingsPlot, slopesPlot } from '../bridge/plots';
import { ChainReader } from '../bridge/read-chain';
import { drawBridge } from '../bridge/setting';
import { bridgeSlopes, structuralCorrelations, tapSlopes, type BridgeSlopes, type TapSlopes } from '../bridge/slopes';
import { bridgeSummary, bridgeTable, type Correlations } from '../bridge/table';
import { geometric, runTrajectory, type Regime } from '../bridge/trajectory';
import { experiment, integer, integers, real } from '../experiment';

const DEFICITS = [1, 2, 3, 4];

export const bridge = experiment({
  name: 'bridge',
  title: 'deep-linear noisy bridge: the slope of log det+ counts dead directions',
  claim:
    'With r dead directions the slope of log det+ is r times that of one (observed ratios 2.0, 3.1, 4.0 for r = 2, 3, 4), the slope of the smallest eigenvalue is the same for every r, and the smallest gradient eigenvalue follows the smallest singular value of the activations squared (Dead-Direction Signatures, 2606.21158).',
  parameters: {
    depths: integers('matrices L', { small: [2, 3], full: [2, 3, 4, 5, 6, 7, 8], least: 2, most: 12 }),
    width: integer('width of the trained networks', { small: 8, full: 8, least: 5, most: 24 }),
    condition: real('condition number of the input covariance', { small: 3, full: 3, least: 1, most: 20 }),
    coupling: real('live-dead coupling of the start', { small: 0.3, full: 0.3, least: 0, most: 1 }),
    noise: real('standard deviation of the label noise', { small: 0.1, full: 0.1, least: 0.01, most: 1 }),
    points: integer('moments that are read', { small: 10, full: 10, least: 3, most: 60 }),
    pathWidth: integer('analytic path: width', { small: 8, full: 20, least: 5, most: 64 }),
    pathFrom: real('analytic path: largest distance', { small: 0.1, full: 0.1, least: 1e-3, most: 1 }),
    pathTo: real('analytic path: smallest distance', { small: 1e-3, full: 1e-3, least: 1e-8, most: 0.1 }),
    flowSeeds: integer('gradient flow and path: seeds', { small: 2, full: 3, least: 1, most: 20 }),
    flowFrom: real('gradient flow: first time', { small: 300, full: 300, least: 1, most: 1e5 }),
    flowTo: real('gradient flow: last time', { small: 2000, full: 2000, least: 2, most: 1e6 }),
    sgdSeeds: integer('noisy SGD: seeds', { small: 5, full: 5, least: 1, most: 20 }),
    sgdFrom: real('noisy SGD: first time (sum of learning rates)', { small: 30, full: 50, least: 1, most: 1e4 }),
    sgdTo: real('noisy SGD: last time', { small: 300, full: 500, least: 2, most: 1e5 }),
    learningRate: real('noisy SGD: learning rate after the warm-up', { small: 0.08, full: 0.05, least: 1e-4, most: 0.2 }),
    batch: integer('noisy SGD: batch', { small: 512, full: 512, least: 32, most: 4096 }),
    probe: integer('noisy SGD: samples of the probe', { small: 1000, full: 1000, least: 100, most: 10_000 }),
  },
  async run({ numerics, protocol: p, seed, signal, progress }) {
    inOrder('pathTo', p.pathTo, 'pathFrom', p.pathFrom);
    inOrder('flowFrom', p.flowFrom, 'flowTo', p.flowTo);
    inOrder('sgdFrom', p.sgdFrom, 'sgdTo', p.sgdTo);
    const runs = [
      { regime: 'path', width: p.pathWidth, seeds: p.flowSeeds, moments: geometric(p.pathFrom, p.pathTo, p.points) },
      { regime: 'flow', width: p.width, seeds: p.flowSeeds, moments: geometric(p.flowFrom, p.flowTo, p.points) },
      { regime: 'sgd', width: p.width, seeds: p.sgdSeeds, moments: geometric(p.sgdFrom, p.sgdTo, p.points) },
    ] as const;
    const total = p.depths.length * DEFICITS.length * runs.reduce((n, { seeds }) => n + seeds, 0);
    const random = new Random(seed);
    const entries: BridgeSlopes[] = [];
    const correlations: Correlations[] = [];
    const shown: { regime: Regime; depth: number; taps: TapSlopes[] }[] = [];
    let gap = 0;
    let done = 0;
    for (const { regime, width, seeds, moments } of runs) {
      for (const depth of p.depths) {
        const reader = await ChainReader.open(numerics, depth, width);
        const taps: TapSlopes[] = [];
        const ties: number[] = [];
        for (let i = 0; i < seeds; i++) {
          for (const deficit of DEFICITS) {
            const draw = random.split(`${regime} ${depth} ${deficit} ${i}`);
            const setting = drawBridge(draw.split('bridge'), { depth, width, deficit, condition: p.condition, noise: p.noise });
            const options = { moments, coupling: p.coupling, sgd: { rate: p.learningRate, batch: p.batch }, probe: p.probe };
            const trajectory = await runTrajectory(regime, setting, draw, options, reader, signal);
            taps.push(...tapSlopes(trajectory));
            ties.push(...structuralCorrelations(trajectory));
            if (regime === 'flow') gap = Math.max(gap, trajectory.imbalance);
            progress(++done, total);
          }
        }
        entries.push(...bridgeSlopes(depth, regime, taps));
        correlations.push({ depth, regime, least: Math.min(...ties), mean: ties.reduce((a, b) => a + b, 0) / ties.length });
        if (depth === p.depths[0]) shown.push({ regime, depth, taps });
      }
    }
    const control = await unbalancedControl(random.split('control'), { width: p.width, condition: p.condition, noise: p.noise }, numerics, signal);
    return {
      data: { bridges: entries, correlation: correlations, control, flowImbalance: gap },
      table: bridgeTable(entries, correlations),
      summary: bridgeSummary(entries, correlations, control),
      plots: [
        ...shown.map(({ regime, depth, taps }) => readingsPlot(regime, depth, taps)),
        ...shown.map(({ regime }) => slopesPlot(regime, entries.filter((e) => e.regime === regime))),
        correlationPlot(p.depths[0]!, shown),
      ],
    };
  },
});

function inOrder(less: string, a: number, more: string, b: number): void {
  if (a >= b) throw new InputError('protocol', `${less} is ${a} and ${more} is ${b}: ${less} must be the smaller one.`);
}
