/** What a sweep says about each reading: how far it puts the widths apart, and with what. */
import type { LlcEstimate } from '../../llc/estimate';
import type { LayerReading, TapSide } from './readings';
import { mean, partsOf, separation, type Parts, type Separation } from './separation';
import type { Point } from './sweep';

export type State = 'trained' | 'untrained';
export const STATES: readonly State[] = ['trained', 'untrained'];

/** The reading that the claim is put to: of what attention writes into the residual stream, as wide as d_model, with no direction dead by construction. */
export const NAMED = { layer: 'blocks.0.attn.W_O', side: 'gradient' } as const;
/** The one gradient that has the same number of live directions at every width: the p logits but their sum. */
export const SAME_WIDTH = { layer: 'unembed.W_U', side: 'gradient' } as const;

/** Scalar readings of a tap. */
export const KINDS = ['logDetPlus', 'traceFree', 'perDimension', 'shape', 'lambdaPlusMin', 'sigmaMin', 'unfloored'] as const;
export type Kind = (typeof KINDS)[number];

const VALUE: Readonly<Record<Kind, (r: LayerReading) => number | null>> = {
  logDetPlus: (r) => r.logDetPlus,
  traceFree: (r) => r.live * r.shape,
  perDimension: (r) => r.scale + r.shape,
  shape: (r) => r.shape,
  lambdaPlusMin: (r) => r.lambdaPlusMin,
  sigmaMin: (r) => r.sigmaMin,
  unfloored: (r) => r.unfloored,
};

export interface Tap {
  readonly layer: string;
  readonly side: TapSide;
}

/** In orders of magnitude; null where a reading does not exist at some width. */
export interface TapSeparation extends Tap, Readonly<Record<Kind, Separation | null>> {
  readonly state: State;
}

export const BUDGETS = ['same', 'larger'] as const;
export type Budget = (typeof BUDGETS)[number];

/** The LLC of the trained networks at one budget. */
export interface LlcComparison {
  /** Mean over the networks of each width, with the standard error that their chains give it; null where one diverged. */
  readonly widths: readonly ({ readonly llc: number; readonly standardError: number | null } | null)[];
  /** In orders of magnitude; null where one is not positive. */
  readonly separation: Separation | null;
  /** The smallest difference of two widths over its standard error. */
  readonly leastSigmas: number | null;
}

export interface Comparison {
  readonly widths: readonly number[];
  readonly named: Readonly<Record<State, TapSeparation>>;
  readonly sameWidth: Readonly<Record<State, TapSeparation>>;
  readonly separations: readonly TapSeparation[];
  /** From the narrowest to the widest, of the named reading, averaged over seeds. */
  readonly parts: Readonly<Record<State, Parts>>;
  readonly llc: Readonly<Record<Budget, LlcComparison>>;
}

export function readingAt(readings: readonly LayerReading[], { layer, side }: Tap): LayerReading {
  return readings.find((r) => r.layer === layer && r.side === side)!;
}

/** Values of a reading at a width, one for each seed. */
export function valuesAt(points: readonly Point[], width: number, state: State, tap: Tap, kind: Kind): (number | null)[] {
  return points.filter((p) => p.width === width).map((p) => VALUE[kind](readingAt(p[state], tap)));
}

/** @param points of the same seeds at every width. */
export function compare(points: readonly Point[]): Comparison {
  const widths = [...new Set(points.map((p) => p.width))].sort((a, b) => a - b);
  const separate = (state: State, { layer, side }: Tap): TapSeparation => {
    const of = (kind: Kind) => separation(widths.map((width) => valuesAt(points, width, state, { layer, side }, kind)));
    return { state, layer, side, ...(Object.fromEntries(KINDS.map((kind) => [kind, of(kind)])) as Record<Kind, Separation | null>) };
  };
  const both = <V>(value: (state: State) => V): Record<State, V> => ({ trained: value('trained'), untrained: value('untrained') });
  const byWidth = widths.map((width) => points.filter((p) => p.width === width));
  return {
    widths,
    named: both((state) => separate(state, NAMED)),
    sameWidth: both((state) => separate(state, SAME_WIDTH)),
    separations: STATES.flatMap((state) => points[0]!.trained.map((tap) => separate(state, tap))),
    parts: both((state) => meanParts(byWidth, state)),
    llc: { same: compareLlc(byWidth.map((own) => own.map((p) => p.llc.same))), larger: compareLlc(byWidth.map((own) => own.map((p) => p.llc.larger))) },
  };
}

function compareLlc(byWidth: readonly (readonly Pick<LlcEstimate, 'llc' | 'standardError'>[])[]): LlcComparison {
  const widths = byWidth.map((own) => {
    const values = own.map((s) => s.llc);
    const errors = own.map((s) => s.standardError);
    if (values.includes(null)) return null;
    return { llc: mean(values as number[]), standardError: errors.includes(null) ? null : Math.hypot(...(errors as number[])) / errors.length };
  });
  const sigmas = widths.flatMap((a, i) =>
    widths.slice(0, i).map((b) => (a?.standardError && b?.standardError ? Math.abs(a.llc - b.llc) / Math.hypot(a.standardError, b.standardError) : null)),
  );
  return {
    widths,
    separation: separation(byWidth.map((own) => own.map(({ llc }) => (llc !== null && llc > 0 ? Math.log10(llc) : null)))),
    leastSigmas: sigmas.length === 0 || sigmas.includes(null) ? null : Math.min(...(sigmas as number[])),
  };
}

function meanParts(byWidth: readonly (readonly Point[])[], state: State): Parts {
  const [narrow, wide] = [byWidth[0]!, byWidth.at(-1)!].map((own) => own.map((p) => readingAt(p[state], NAMED))) as [LayerReading[], LayerReading[]];
  const parts = narrow.map((from, i) => partsOf(from, wide[i]!));
  const over = (key: keyof Parts) => mean(parts.map((part) => part[key]));
  return { total: over('total'), count: over('count'), scale: over('scale'), shape: over('shape') };
}

/** The tap that is told apart most by some of the readings, between the two widths that it tells apart most. */
export function best(separations: readonly TapSeparation[], state: State, kinds: readonly Kind[]): { orders: number; kind: Kind; tap: Tap } | null {
  let found: { orders: number; kind: Kind; tap: Tap } | null = null;
  for (const tap of separations) {
    if (tap.state !== state) continue;
    for (const kind of kinds) {
      const orders = tap[kind]?.farthest;
      if (orders !== undefined && orders > (found?.orders ?? -1)) found = { orders, kind, tap };
    }
  }
  return found;
}
