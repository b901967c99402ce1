/** What the slope of a line says of dead directions, beside the deficit that the spectrum of the checkpoint shows. */
import type { PathFit } from './slopes';

export interface SlopeVerdict {
  /** Dead directions by the slope, a whole number where the fit says one; null without a fit. */
  readonly count: number | null;
  readonly agrees: boolean | null;
  /** Why, one or two sentences. */
  readonly sentence: string;
}

/** How far a slope may be from a whole number to be one. */
const WHOLE = 0.15;

/**
 * What the slope of one tap says of the number of its dead directions, beside the deficit that its spectrum shows at the checkpoint.
 * @param chosen the line goes along a direction of somebody's choice: what stays dead on it need not stay dead on others
 */
export function verdictOf({ deficit, died, volume, smallest, ratio, rates, side }: PathFit, chosen: boolean): SlopeVerdict {
  if (deficit === null || died === null) return { count: null, agrees: null, sentence: 'Not all eigenvalues are known here, so that dead ones cannot be counted.' };
  if (deficit === 0) return { count: 0, agrees: true, sentence: 'Nothing is dead at the checkpoint: there is no slope to read.' };
  const why = side === 'gradient' ? 'a gauge of the loss, or the architecture,' : 'the architecture, or too few samples,';
  const stay = deficit - died;
  const stays = chosen
    ? `${stay} of ${deficit} dead ${stay === 1 ? 'stays' : 'stay'} dead: this direction does not wake ${stay === 1 ? 'it' : 'them'}.`
    : `${stay} of ${deficit} dead ${stay === 1 ? 'stays' : 'stay'} dead all along the line: ${why} holds at all weights nearby, and no slope counts that.`;
  const fixed = stay === 0 ? '' : ` ${stays}`;
  if (died === 0) return { count: 0, agrees: true, sentence: `Nothing rises along the line.${fixed}` };
  if (!volume || !smallest || !ratio) return { count: null, agrees: null, sentence: `Too few steps show what rises: there is no slope.${fixed}` };
  const powers = new Map<number, number>();
  for (const rate of rates) powers.set(Math.round(rate), (powers.get(Math.round(rate)) ?? 0) + 1);
  const blurred = rates.some((rate) => Math.abs(rate - Math.round(rate)) > WHOLE) || rates.length < died;
  // What the live eigenvalues add: they should stand still.
  const drift = volume.value - rates.reduce((sum, rate) => sum + rate, 0);
  if (blurred || Math.abs(drift) > WHOLE * Math.abs(smallest.value)) {
    return { count: null, agrees: false, sentence: `${died} rise, but not as clean powers of ε: the steps are too large for them, or live eigenvalues move as well.${fixed}` };
  }
  if (powers.size > 1) {
    const terms = [...powers].sort(([a], [b]) => a - b).map(([power, times]) => `${times} × ${power}`);
    return { count: died, agrees: true, sentence: `The slope is a sum, ${terms.join(' + ')}: ${died} dead directions of ${powers.size} kinds, so that no single multiple is to be expected.${fixed}` };
  }
  const count = Math.round(ratio.value);
  const beside = count === died ? `as many as rise in the spectrum` : `the spectrum shows ${died} that rise`;
  return { count, agrees: count === died, sentence: `The slope counts ${count}, ${beside}.${fixed}` };
}
