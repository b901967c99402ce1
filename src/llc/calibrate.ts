/** A small sweep that chooses the step size, and the localisation where several are given, and says why. */
import { Random } from '../base/random';
import { together } from '../base/together';
import type { ChainHooks } from './chain';
import { chainsHere, estimateLlc, sumOf, type ChainHost, type LlcEstimate, type LlcSettings } from './estimate';
import type { LossModel } from './loss-model';

export interface CalibrationRow {
  readonly step: number;
  readonly gamma: number;
  readonly llc: number | null;
  readonly standardError: number | null;
  readonly acceptance: number | null;
  readonly problems: readonly string[];
}

export interface Calibration {
  readonly step: number;
  readonly gamma: number;
  readonly rows: readonly CalibrationRow[];
  readonly sentence: string;
  readonly passes: number;
}

export interface Sweep extends Omit<LlcSettings, 'step' | 'gamma'> {
  /** In any order. */
  readonly steps: readonly number[];
  readonly gammas: readonly number[];
}

/** Two neighbours on a plateau differ by no more than this part of the LLC, or two standard errors; the error of the larger one is about twice that. */
const PLATEAU = 0.03;
/** Mean acceptance of an adjusted step: 0.574 moves fastest in many dimensions (Roberts & Rosenthal 1998), and chains meet stiffer places later. */
const MOVES = 0.75;
/** Unadjusted steps with an acceptance under this carry an error of their own, though two of them may agree. */
const HARMLESS = 0.9;

/**
 * Unadjusted: the largest step on the plateau, where halving it changes nothing that the chains can tell; where the smaller steps do not
 * settle within so few draws, the largest that would be accepted at 90 %. Adjusted: the largest step of good acceptance. Then the least gamma at which that step shows no problem: the more a chain is held, the lower the LLC reads.
 */
export async function calibrate(
  model: LossModel,
  start: Float64Array,
  sweep: Sweep,
  { signal, progress }: ChainHooks = {},
  host: ChainHost = chainsHere(model, start),
): Promise<Calibration> {
  const gammas = [...sweep.gammas].sort((a, b) => a - b);
  const steps = [...sweep.steps].sort((a, b) => b - a);
  const each = sweep.chains * (sweep.burnIn + sweep.draws);
  const rows: CalibrationRow[] = [];
  let passes = 0;
  /** Several rows at a time, where that many chains run. */
  const read = async (points: readonly { step: number; gamma: number }[]) => {
    const before = rows.length * each;
    const done = sumOf(points.length, (k) => progress?.(before + k));
    const one = (i: number, stop: AbortSignal) => estimateLlc(model, start, { ...sweep, ...points[i]! }, { signal: stop, progress: (k) => done(i, k) }, host);
    for (const [i, found] of (await together(points.length, Math.ceil(host.atOnce / sweep.chains), one, signal)).entries()) {
      passes += found.passes;
      rows.push(rowOf(found, points[i]!.step, points[i]!.gamma));
    }
  };
  const held = gammas[0]!;
  const choose = (found: readonly CalibrationRow[]) => (sweep.adjusted ? ofGoodAcceptance(found) : (onThePlateau(found) ?? nearThePlateau(found)));
  await read(steps.map((step) => ({ step, gamma: held })));
  for (let more = 0; more < MORE && choose(rows) === null; more++) await read([{ step: rows.at(-1)!.step / 4, gamma: held }]);
  const chosen = choose(rows) ?? smallest(rows);
  const { step } = chosen.row;
  if (gammas.length === 1) return { step, gamma: held, rows, sentence: chosen.sentence, passes };
  await read(gammas.slice(1).map((gamma) => ({ step, gamma })));
  const clean = rows.find((row) => row.step === step && row.problems.length === 0);
  const gamma = clean?.gamma ?? held;
  const why = clean ? `the least at which these chains show no problem` : `the least one: none of ${gammas.join(', ')} is without problems`;
  return { step, gamma, rows, sentence: `${chosen.sentence} Localisation ${gamma}: ${why}.`, passes };
}

function rowOf({ llc, standardError, acceptance, problems }: LlcEstimate, step: number, gamma: number): CalibrationRow {
  return { step, gamma, llc, standardError, acceptance, problems };
}

interface Choice {
  row: CalibrationRow;
  sentence: string;
}

function ofGoodAcceptance(rows: readonly CalibrationRow[]): Choice | null {
  const row = rows.find(({ acceptance }) => acceptance !== null && acceptance >= MOVES);
  if (!row) return null;
  return { row, sentence: `Step size ${show(row.step)}: the largest of ${rows.length} with an acceptance of ${MOVES} or more (${show(row.acceptance!)}); adjusted steps have no error of their size.` };
}

/** From the largest step on: the first whose next smaller one agrees with it. */
function onThePlateau(rows: readonly CalibrationRow[]): Choice | null {
  for (let i = 0; i + 1 < rows.length; i++) {
    const [row, next] = [rows[i]!, rows[i + 1]!];
    if (row.llc === null || next.llc === null) continue;
    if (row.acceptance !== null && row.acceptance < HARMLESS) continue;
    const gap = Math.abs(row.llc - next.llc);
    const noise = 2 * Math.hypot(row.standardError!, next.standardError!);
    if (gap > Math.max(noise, PLATEAU * Math.abs(next.llc))) continue;
    const accepted = row.acceptance === null ? '' : `, at an acceptance of ${show(row.acceptance)}`;
    return { row, sentence: `Step size ${show(row.step)}: the largest on the plateau. The LLC reads ${show(row.llc)} there and ${show(next.llc)} at ${show(next.step)}, where chance alone gives ±${show(noise)}${accepted}.` };
  }
  return null;
}

/** Where no two neighbours agree: steps that are accepted have little error, and below them chains too short to settle read low. */
function nearThePlateau(rows: readonly CalibrationRow[]): Choice | null {
  const accepted = rows.find(({ acceptance }) => acceptance !== null && acceptance >= HARMLESS);
  if (accepted) {
    const sentence = `Step size ${show(accepted.step)}: no two neighbouring steps agree, as smaller ones do not settle within these draws; it is the largest of ${rows.length} that would be accepted at ${HARMLESS} or more (${show(accepted.acceptance!)}).`;
    return { row: accepted, sentence };
  }
  if (rows.some(({ acceptance }) => acceptance !== null)) return null;
  let best: { row: CalibrationRow; gap: number } | null = null;
  for (let i = 0; i + 1 < rows.length; i++) {
    const [row, next] = [rows[i]!, rows[i + 1]!];
    if (row.llc === null || next.llc === null) continue;
    const gap = Math.abs(row.llc - next.llc) / Math.max(Math.abs(row.llc), Math.abs(next.llc));
    if (best === null || gap < best.gap) best = { row, gap };
  }
  return best && { row: best.row, sentence: `Step size ${show(best.row.step)}: no two neighbouring steps agree; here halving it changes least (${show(100 * best.gap)} %).` };
}

function smallest(rows: readonly CalibrationRow[]): Choice {
  const row = [...rows].reverse().find(({ llc }) => llc !== null) ?? rows.at(-1)!;
  return { row, sentence: `Step size ${show(row.step)}, the smallest of ${rows.length}, for want of a better one: larger steps diverge, or would hardly be accepted.` };
}

/** Quarterings below the smallest step of a sweep where none of it will do. */
const MORE = 6;
/** Halvings below the step at which half of the stability limit is reached. */
const HALVINGS = 6;
const POWER_STEPS = 12;

/**
 * Steps to sweep over: eps H from 2 down to 2^-5, where H is the largest curvature of the localised posterior at the start (a step is
 * unstable at eps H = 4), by power iteration on differences of gradients.
 */
export async function stepsToSweep(model: LossModel, start: Float64Array, { nbeta, gamma, seed }: { nbeta: number; gamma: number; seed: number }): Promise<{ steps: number[]; passes: number }> {
  let passes = 0;
  // Gradients that are subtracted are of one minibatch.
  const gradientAt = async (w: Float64Array) => {
    const gradient = new Float64Array(w.length);
    await model.evaluate(w, gradient, new Random(seed).split('curvature batch'));
    passes += model.passes;
    return gradient;
  };
  const here = await gradientAt(start);
  const size = start.reduce((most, w) => Math.max(most, Math.abs(w)), 1);
  let direction: Float64Array<ArrayBufferLike> = new Random(seed).split('curvature').normals(start.length);
  let curvature = 0;
  for (let k = 0; k < POWER_STEPS; k++) {
    const norm = Math.sqrt(direction.reduce((sum, v) => sum + v * v, 0));
    if (!(norm > 0)) break;
    const h = (1e-5 * size) / norm;
    const there = await gradientAt(start.map((w, i) => w + h * direction[i]!));
    direction = there.map((g, i) => (g - here[i]!) / (h * norm));
    curvature = Math.sqrt(direction.reduce((sum, v) => sum + v * v, 0));
  }
  const stiff = nbeta * (Number.isFinite(curvature) ? curvature : 0) + gamma;
  // Where there is neither curvature nor localisation any step will do.
  const most = stiff > 0 ? 2 / stiff : 1;
  return { steps: Array.from({ length: HALVINGS + 1 }, (_, k) => round(most / 2 ** k)), passes };
}

/** Two digits are enough to name a step by. */
function round(step: number): number {
  return Number(step.toPrecision(2));
}

function show(value: number): string {
  return String(Number(value.toPrecision(3)));
}
