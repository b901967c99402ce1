/** Slopes of the readings along a trajectory, and what becomes of them over seeds and numbers of dead directions. */
import type { Spectrum } from '../../analysis/report';
import { fitLine, type LineFit } from '../../numerics/line-fit';
import { keptAlong, logDetPlusAlong } from '../../spectrum/path';
import { flowRate, pathRate, type BridgeSide } from '../../theory/bridge-rates';
import type { Regime, Trajectory } from './trajectory';

/** One tap of one trajectory over the moments at which every eigenvalue stands above the floor: the first ones. */
export interface TapSlopes {
  readonly layer: number;
  readonly side: BridgeSide;
  readonly deficit: number;
  readonly moments: readonly number[];
  /** log det+ over the eigenvalues that are kept at all of these moments, and the smallest of them. */
  readonly volumes: readonly number[];
  readonly smallest: readonly number[];
  readonly kept: number;
  /** Against the logarithm of the moment; null where fewer than three moments are left. */
  readonly volume: LineFit | null;
  readonly least: LineFit | null;
  readonly decay: Decay;
}

/** Which of the two a straight line fits better: log det+ against log t, or against t. A slope in log t means nothing in the second case. */
export type Decay = 'power law' | 'exponential';

export function tapSlopes({ bridge, moments, spectra }: Trajectory): TapSlopes[] {
  return spectra[0]!.map(({ tap }, k) => {
    const all = spectra.map((taps) => taps[k]!);
    const lost = all.findIndex((s) => s.rank! < s.dimension);
    const path = lost < 0 ? all : all.slice(0, lost);
    const read = moments.slice(0, path.length);
    const volumes = logDetPlusAlong(path).map((v) => v!);
    const smallest = path.map((s) => reading(s, 'lambdaPlusMin'));
    const x = read.map(Math.log);
    const enough = path.length >= 3;
    return {
      layer: Number(tap.layer),
      side: tap.side as BridgeSide,
      deficit: bridge.deficit,
      moments: read,
      volumes,
      smallest,
      kept: keptAlong(path),
      volume: enough ? fitLine(x, volumes) : null,
      least: enough ? fitLine(x, smallest.map(Math.log)) : null,
      decay: enough && certainty(fitLine(read, volumes)) > certainty(fitLine(x, volumes)) ? 'exponential' : 'power law',
    };
  });
}

/** The slope over its own uncertainty: monotone in the part of the variance that the line explains. */
const certainty = ({ slope, halfWidth }: LineFit) => Math.abs(slope) / halfWidth;

export function reading(spectrum: Spectrum, name: string): number {
  return spectrum.readings.find((r) => r.name === name)!.value!;
}

/** Numbers by how many directions are dead, "1" .. "4". */
export type ByDeficit = Readonly<Record<string, number>>;

export interface BridgeSlopes {
  readonly depth: number;
  readonly regime: Regime;
  readonly side: BridgeSide;
  /** l = 1 .. L - 1. */
  readonly layer: number;
  readonly seeds: number;
  /** slopes[r] / slopes[1]. */
  readonly ratios: ByDeficit;
  /** d log det+ / d log t, mean over seeds, and its standard error (0 for one seed). */
  readonly slopes: ByDeficit;
  readonly errors: ByDeficit;
  /** Of one dead direction. */
  readonly theory: number;
  /** Slope of the smallest eigenvalue, mean over seeds. */
  readonly smallest: ByDeficit;
  /** Largest |slopes[r] / r - theory|; largest difference between the slopes of the smallest eigenvalue. */
  readonly rateError: number;
  readonly blindness: number;
  /** Trajectories whose decay is an exponential. */
  readonly exponential: number;
  /** First and last moment of the fits: the shortest of them. */
  readonly window: readonly [number, number];
}

/** One entry a depth, regime, side and layer. Runs that could not be fitted are left out; nothing where a deficit has none. */
export function bridgeSlopes(depth: number, regime: Regime, taps: readonly TapSlopes[]): BridgeSlopes[] {
  const entries: BridgeSlopes[] = [];
  for (const side of ['activation', 'gradient'] as const) {
    for (let layer = 1; layer < depth; layer++) {
      const own = taps.filter((t) => t.side === side && t.layer === layer && t.volume !== null);
      const deficits = [...new Set(taps.map((t) => t.deficit))].sort((a, b) => a - b);
      const of = (r: number) => own.filter((t) => t.deficit === r);
      if (deficits.some((r) => of(r).length === 0)) continue;
      const by = (value: (runs: readonly TapSlopes[], r: number) => number): ByDeficit => Object.fromEntries(deficits.map((r) => [r, value(of(r), r)]));
      const slopes = by((runs) => mean(runs.map((t) => t.volume!.slope)));
      const smallest = by((runs) => mean(runs.map((t) => t.least!.slope)));
      const theory = (regime === 'path' ? pathRate : flowRate)(depth, layer, side);
      const ratios = by((_, r) => slopes[r]! / slopes[1]!);
      const spread = Object.values(smallest);
      const shortest = own.reduce((a, b) => (b.moments.length < a.moments.length ? b : a));
      entries.push({
        depth,
        regime,
        side,
        layer,
        seeds: Math.min(...deficits.map((r) => of(r).length)),
        ratios: Object.fromEntries(Object.entries(ratios).filter(([r]) => r !== '1')),
        slopes,
        errors: by((runs) => standardError(runs.map((t) => t.volume!.slope))),
        theory,
        smallest,
        rateError: Math.max(...deficits.map((r) => Math.abs(slopes[r]! / r - theory))),
        blindness: Math.max(...spread) - Math.min(...spread),
        exponential: own.filter((t) => t.decay === 'exponential').length,
        window: [shortest.moments[0]!, shortest.moments.at(-1)!],
      });
    }
  }
  return entries;
}

/** Pearson's correlation of log lambda+_min(G_l) with log sigma_min(X_l)^2 along each layer of a trajectory that has three moments above the floor. */
export function structuralCorrelations({ bridge: { depth }, spectra }: Trajectory): number[] {
  return Array.from({ length: depth - 1 }, (_, i) => i).flatMap((i) => {
    const tap = (s: readonly Spectrum[], side: BridgeSide) => s.find((x) => x.tap.layer === `${i + 1}` && x.tap.side === side)!;
    const whole = spectra.filter((s) => tap(s, 'gradient').deficit === 0 && tap(s, 'activation').deficit === 0);
    if (whole.length < 3) return [];
    return correlation(
      whole.map((s) => 2 * Math.log(reading(tap(s, 'activation'), 'sigmaMin'))),
      whole.map((s) => Math.log(reading(tap(s, 'gradient'), 'lambdaPlusMin'))),
    );
  });
}

function correlation(x: readonly number[], y: readonly number[]): number {
  const [mx, my] = [mean(x), mean(y)];
  const product = (a: readonly number[], ma: number, b: readonly number[], mb: number) => a.reduce((sum, v, i) => sum + (v - ma) * (b[i]! - mb), 0);
  return product(x, mx, y, my) / Math.sqrt(product(x, mx, x, mx) * product(y, my, y, my));
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

function standardError(values: readonly number[]): number {
  const m = mean(values);
  return values.length < 2 ? 0 : Math.sqrt(values.reduce((sum, v) => sum + (v - m) ** 2, 0) / (values.length - 1) / values.length);
}
