/** What is wrong with the chains of an estimate, as sentences that say what was seen and what to do (science.md §5, failure signs). */
import { fitLine } from '../numerics/line-fit';
import { studentQuantile } from '../numerics/student-t';
import type { ChainResult } from './chain';
import type { LlcEstimate, LlcSettings } from './estimate';
import { batchMeans, mean, scatter } from './moments';

/** A trend over the draws of more than this part of the LLC, beyond doubt at this confidence. */
const DRIFT = 0.05;
const SURE = 0.995;
/** Part of the trace under the initial loss. */
const DIPS = 0.1;
/** The opening, in sixteenths, may rise this many times as high as the draws. */
const SPIKE = 2;
/** Acceptance of an unadjusted step under which its error shows, of an adjusted one under which the chain sticks, and of steps that hardly move. */
const CRUDE = 0.7;
const STICKS = 0.15;
const TIMID = 0.98;
/** Independent draws of a chain: with fewer, batches of a sixteenth do not forget each other, and the count itself is a guess. */
const FEW = 30;
/** Scatter of the chains' means beside what each says of its own. */
const APART = 4;

export function problemsOf(found: Omit<LlcEstimate, 'problems'>, effective: readonly number[], settings: LlcSettings): string[] {
  const { llc, chains, acceptance, initialLoss } = found;
  if (!Number.isFinite(initialLoss)) return [`The loss at the checkpoint itself is ${initialLoss}: there is nothing to sample around.`];
  const diverged = chains.flatMap((c, i) => (c.divergedAt === null ? [] : [{ chain: i + 1, at: c.divergedAt }]));
  if (diverged.length > 0) {
    const [first] = diverged;
    return [
      `${diverged.length} of ${chains.length} chains diverged, chain ${first!.chain} at step ${first!.at}: the step size ${show(settings.step)} is too large. Take a tenth of it.`,
    ];
  }
  const value = llc!;
  const problems = [drift(chains, value), spike(chains, value), dips(found, value), crude(acceptance, settings), few(effective, acceptance), apart(chains, effective)];
  return problems.filter((p) => p !== null);
}

/** The slope of each chain's trace, from the first draw to the last: chains are independent, as the draws of one are not. */
function drift(chains: readonly ChainResult[], llc: number): string | null {
  const batches = chains.map((c) => batchMeans(c.trace.means));
  const count = batches[0]!.length;
  if (count < 4) return null;
  const x = Array.from({ length: count }, (_, k) => k / (count - 1));
  const fits = batches.map((y) => fitLine(x, y, SURE));
  const slope = mean(fits.map((fit) => fit.slope));
  const halfWidth = fits.length < 3 ? mean(fits.map((fit) => fit.halfWidth)) : (studentQuantile(SURE, fits.length - 1) * scatter(fits.map((fit) => fit.slope))) / Math.sqrt(fits.length);
  if (Math.abs(slope) <= halfWidth || Math.abs(slope) <= DRIFT * Math.abs(llc)) return null;
  return `The trace still drifts: it ${slope > 0 ? 'rises' : 'falls'} by ${show(Math.abs(slope))} over the draws, where the LLC reads ${show(llc)}. Burn in longer.`;
}

function spike(chains: readonly ChainResult[], llc: number): string | null {
  const batches = chains.map((c) => batchMeans(c.opening.means));
  const top = Math.max(...batches[0]!.map((_, k) => mean(batches.map((b) => b[k]!))));
  if (!(llc > 0) || !(top > SPIKE * llc)) return null;
  return `The burn-in opens with a spike of ${show(top)}, where the LLC reads ${show(llc)}: the step is too large for this minimum. Take a smaller one.`;
}

function dips({ chains, acceptance }: Pick<LlcEstimate, 'chains' | 'acceptance'>, llc: number): string | null {
  if (llc < 0) return `The LLC is negative (${show(llc)}): the chains find lower losses than the checkpoint has. It is not at a minimum: train on, or judge the loss over more data.`;
  // Losses of minibatches dip by themselves.
  if (acceptance === null) return null;
  const below = chains.reduce((sum, c) => sum + c.trace.means.filter((v) => v < 0).length, 0);
  const all = chains.reduce((sum, c) => sum + c.trace.means.length, 0);
  if (below <= DIPS * all) return null;
  return `${Math.round((100 * below) / all)} % of the trace lies under the loss of the checkpoint: it is not at a minimum, and the LLC reads low.`;
}

function crude(acceptance: number | null, { adjusted, step }: LlcSettings): string | null {
  if (acceptance === null || acceptance >= (adjusted ? STICKS : CRUDE)) return null;
  return adjusted
    ? `Only ${percent(acceptance)} of the steps are accepted: the chains stick. Take a smaller step than ${show(step)}.`
    : `Steps would be accepted at ${percent(acceptance)} as proposals, and are aimed at 90 %: the step size ${show(step)} makes the LLC read high. Take a smaller one, or adjust the steps.`;
}

function few(effective: readonly number[], acceptance: number | null): string | null {
  const draws = mean(effective);
  if (draws >= FEW) return null;
  const timid = acceptance !== null && acceptance > TIMID;
  const cure = timid ? `Steps so small hardly move (${percent(acceptance)} would be accepted): take larger ones, or draw longer.` : 'Draw longer.';
  return `A chain has about ${draws.toPrecision(2)} effectively independent draws, or fewer: the error bar is a guess. ${cure}`;
}

function apart(chains: readonly ChainResult[], effective: readonly number[]): string | null {
  if (chains.length < 3) return null;
  const between = scatter(chains.map((c) => c.mean));
  const within = Math.sqrt(mean(chains.map((c, i) => c.variance / effective[i]!)));
  if (!(between > APART * within)) return null;
  return `The chains disagree: their means scatter by ${show(between)}, while each says that it knows its own to ${show(within)}. They have not seen the same region: draw longer, or localise more.`;
}

function show(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function percent(p: number): string {
  return `${(100 * p).toPrecision(3)} %`;
}
