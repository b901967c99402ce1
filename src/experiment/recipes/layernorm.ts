/** LayerNorm leaves gamma^-1 as an exact kernel of the covariance behind it, RMSNorm does not (paper D). */
import type { ExperimentPlot } from '../../analysis/experiment-record';
import { breathe } from '../../base/breathe';
import { Random } from '../../base/random';
import { norms } from '../cells/norms';
import { experiment, integer, integers, real } from '../experiment';
import { bottomOf, bottomOfFloat32, type Bottom } from '../norm-kernel/bottom';
import { normedStream, type Stage } from '../norm-kernel/normed-stream';
import { readCells } from '../read-cells';

const KINDS = ['layer-norm', 'rms-norm'] as const;
const STAGES: readonly Stage[] = ['initial', 'trained'];
/** The cells that hold the same direction, gamma^-1 with its bias, behind either norm. */
const CELLS = ['LayerNorm kernel, the bias absorbs', 'the same direction under RMSNorm'];
const TITLES = { 'layer-norm': 'LayerNorm', 'rms-norm': 'RMSNorm' } as const;

interface KernelReading {
  readonly norm: (typeof KINDS)[number];
  readonly stage: Stage;
  readonly width: number;
  readonly seeds: number;
  /** |cosine| with gamma^-1 over the seeds. */
  readonly cosine: { readonly least: number; readonly mean: number };
  /** Radians, the largest. */
  readonly angle: number;
  /** The same from a covariance in float32; null under RMSNorm, where there is no kernel to lose. */
  readonly float32: { readonly least: number; readonly mean: number; readonly angle: number } | null;
  /** Smallest eigenvalue over the next: the largest of the seeds. */
  readonly ratio: number;
}

export const layernorm = experiment({
  name: 'layernorm',
  title: 'LayerNorm has an exact kernel gamma^-1, RMSNorm has none',
  claim:
    'The bottom direction of the centred covariance behind a LayerNorm is gamma^-1 (cosine at least 0.9999 in 9 of 9 models, in float64), whatever eps is; behind an RMSNorm it is not (about 0.015) (2606.19491). In a reader of the norm the direction is a gauge; behind an RMSNorm it is live.',
  parameters: {
    widths: integers('widths', { small: [16, 40, 96], full: [16, 64, 128, 256], least: 4, most: 1024 }),
    seeds: integer('seeds', { small: 3, full: 4, least: 1, most: 50 }),
    samples: integer('samples per dimension', { small: 5, full: 5, least: 2, most: 200 }),
    epsilon: real('eps of the norm', { small: 1e-5, full: 1e-5, least: 0, most: 1 }),
    decades: real('decades over which the trained stream decays', { small: 5, full: 5, least: 0, most: 7 }),
  },
  async run({ numerics, protocol: p, seed, signal, progress }) {
    const { ops } = numerics;
    const random = new Random(seed);
    const readings: KernelReading[] = [];
    const total = KINDS.length * STAGES.length * p.widths.length * p.seeds;
    let done = 0;
    for (const norm of KINDS) {
      for (const stage of STAGES) {
        for (const width of p.widths) {
          const found: Bottom[] = [];
          const float32: Bottom[] = [];
          for (let i = 0; i < p.seeds; i++) {
            await breathe(signal);
            const rows = p.samples * width;
            const options = { kind: norm, stage, width, rows, epsilon: p.epsilon, decades: p.decades };
            const { taps, inverseScale } = ops.scope(() => normedStream(ops, random.split(`${norm} ${stage} ${width} ${i}`), options));
            try {
              found.push(await bottomOf(await numerics.gram(taps, signal), inverseScale, signal));
              if (norm === 'layer-norm') float32.push(await bottomOfFloat32(await ops.read(taps), rows, width, inverseScale, signal));
            } finally {
              ops.dispose(taps);
            }
            progress(++done, total);
          }
          readings.push({
            norm,
            stage,
            width,
            seeds: p.seeds,
            cosine: cosines(found),
            angle: Math.max(...found.map((b) => b.angle)),
            float32: float32.length > 0 ? { ...cosines(float32), angle: Math.max(...float32.map((b) => b.angle)) } : null,
            ratio: Math.max(...found.map((b) => b.value / b.next)),
          });
        }
      }
    }
    const verdicts: { name: string; verdict: string; order: number | null; evidence: string }[] = [];
    const blocks = norms.filter((cell) => CELLS.includes(cell.name));
    for await (const { name, verdict, order, evidence } of readCells(ops, blocks, { seed, charts: 0, signal })) {
      if (!verdicts.some((v) => v.name === name)) verdicts.push({ name, verdict, order, evidence });
    }
    return {
      data: { kernels: readings, verdicts },
      table: table(readings, verdicts),
      summary: summary(readings, verdicts),
      plots: [cosinePlot(readings), anglePlot(readings)],
    };
  },
});

function cosines(found: readonly Bottom[]): { least: number; mean: number } {
  const values = found.map((b) => b.cosine);
  return { least: Math.min(...values), mean: values.reduce((a, b) => a + b, 0) / values.length };
}

/** Mean |cosine| of a fixed direction of R^d with a random one, sqrt(2 / (pi d)) for large d. */
const chance = (width: number) => Math.sqrt(2 / (Math.PI * width));

function table(readings: readonly KernelReading[], verdicts: readonly { name: string; verdict: string }[]): string[][] {
  const verdictOf = { 'layer-norm': verdicts[0]!.verdict, 'rms-norm': verdicts[1]!.verdict };
  return [
    ['norm', 'stage', 'width', 'cosine, least', 'mean', 'paper', 'by chance', 'angle, rad', 'float32 covariance: cosine', 'λ_min / λ_next', 'direction reads as'],
    ...readings.map((r) => [
      TITLES[r.norm],
      r.stage,
      `${r.width}`,
      r.cosine.least.toFixed(6),
      r.cosine.mean.toFixed(6),
      r.norm === 'layer-norm' ? '≥ 0.9999' : 'about 0.015',
      chance(r.width).toFixed(3),
      r.angle < 0.01 ? r.angle.toExponential(0) : r.angle.toFixed(2),
      r.float32 ? r.float32.least.toFixed(6) : '–',
      r.ratio.toExponential(1),
      verdictOf[r.norm],
    ]),
  ];
}

function summary(readings: readonly KernelReading[], verdicts: readonly { name: string; verdict: string }[]): string {
  const of = (norm: string, stage: Stage) => readings.filter((r) => r.norm === norm && r.stage === stage);
  const least = Math.min(...readings.filter((r) => r.norm === 'layer-norm').map((r) => r.cosine.least));
  const single = (stage: Stage) => Math.min(...of('layer-norm', stage).map((r) => r.float32!.least));
  const widest = of('rms-norm', 'initial').reduce((a, b) => (b.width > a.width ? b : a));
  return [
    `LayerNorm: cosine with gamma^-1 at least ${least.toFixed(6)} over all widths, stages and seeds.`,
    `RMSNorm, initial, width ${widest.width}: ${widest.cosine.mean.toFixed(3)} on average, ${chance(widest.width).toFixed(3)} by chance; the paper's models are wider.`,
    `From a float32 covariance the LayerNorm cosine is at least ${single('initial').toFixed(6)} at initialisation and ${single('trained').toFixed(6)} on the stream that decays: live directions fall below its rounding there, which is why float64 is needed.`,
    `The direction in a reader: ${verdicts.map((v) => `${v.name}: ${v.verdict}`).join('; ')}.`,
  ].join(' ');
}

function cosinePlot(readings: readonly KernelReading[]): ExperimentPlot {
  const widths = [...new Set(readings.map((r) => r.width))];
  return {
    title: 'Bottom direction of the covariance behind the norm against gamma^-1',
    x: { title: 'width d', log: true },
    y: { title: '|cosine|, mean over seeds', log: true },
    series: [
      ...KINDS.flatMap((norm) =>
        STAGES.map((stage) => {
          const own = readings.filter((r) => r.norm === norm && r.stage === stage);
          return { name: `${TITLES[norm]}, ${stage}`, x: own.map((r) => r.width), y: own.map((r) => r.cosine.mean), mark: 'points' as const };
        }),
      ),
      { name: 'by chance, sqrt(2 / (pi d))', x: widths, y: widths.map(chance), mark: 'dashed' },
    ],
  };
}

function anglePlot(readings: readonly KernelReading[]): ExperimentPlot {
  const own = (stage: Stage) => readings.filter((r) => r.norm === 'layer-norm' && r.stage === stage);
  return {
    title: 'Angle between the bottom direction and gamma^-1 behind a LayerNorm',
    x: { title: 'width d', log: true },
    y: { title: 'radians, largest of the seeds', log: true },
    series: STAGES.flatMap((stage) => [
      { name: `float64 covariance, ${stage}`, x: own(stage).map((r) => r.width), y: own(stage).map((r) => positive(r.angle)), mark: 'points' as const },
      { name: `float32 covariance, ${stage}`, x: own(stage).map((r) => r.width), y: own(stage).map((r) => positive(r.float32!.angle)), mark: 'points' as const },
    ]),
  };
}

/** A log axis has no zero. */
const positive = (x: number) => (x > 0 ? x : null);
