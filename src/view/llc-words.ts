/** What a sampling found, as sentences and rows of text. Every number is one of the record's. */
import type { LlcComparison } from '../analysis/llc-curve';
import type { LlcRecord, LlcRequest } from '../analysis/llc-record';
import type { Reading, Report } from '../analysis/report';
import { count, counted, decimal, duration, scientific, uncertainty } from '../figure/number';
import { sideLooks } from '../figure/theme';

export const short = (x: number) => String(Number(x.toPrecision(4)));

/** 4.02 ± 0.11: as many decimals as the error has; 'no value' where chains diverged. */
export function llcWords({ llc, standardError }: Pick<LlcRecord, 'llc' | 'standardError'>): string {
  if (llc === null) return 'no value';
  if (standardError === null || !(standardError > 0)) return short(llc);
  const places = Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(standardError))));
  return `${llc.toFixed(places)} ± ${uncertainty(standardError)}`;
}

export function calibrationTable({ calibration, settings }: LlcRecord): string[][] {
  const rows = (calibration?.rows ?? []).map(({ step, gamma, llc, standardError, acceptance }) => [
    short(step),
    short(gamma),
    llcWords({ llc, standardError }).replace('no value', 'diverged'),
    acceptance === null ? '–' : short(acceptance),
    step === settings.step && gamma === settings.gamma ? 'chosen' : '',
  ]);
  return [['ε', 'γ', 'LLC', 'acceptance', 'choice'], ...rows];
}

const DDS = [
  ['lambdaPlusMin', 'λ⁺_min'],
  ['logDetPlus', 'log det⁺'],
] as const;

/** Passes, time, value and spread of one checkpoint: the spectra of a layer, λ of the directions, and the LLC. */
export function costTable(report: Report | null, layer: string | null, record: LlcRecord | null): string[][] {
  const table = [['reading', 'value', 'spread', 'spread / value', 'passes', 'time']];
  if (report && report.probe.kind !== 'none') {
    const [passes, time] = [count(ddsPasses(report)), duration(ddsSeconds(report))];
    for (const { tap, readings } of report.spectra) {
      if (tap.layer !== layer) continue;
      for (const [name, symbol] of DDS) {
        const reading = readings.find((r) => r.name === name);
        if (reading && reading.value !== null) table.push([`${symbol}, ${sideLooks[tap.side].word} of ${tap.layer}`, ...figures(reading), passes, time]);
      }
    }
    const { triple } = report;
    if (triple) {
      const [value, spread] = triple.lambda !== null ? [triple.lambda, 'exact under its assumption'] : boundsWords(triple.bounds);
      table.push(['λ, from the orders of dead directions', value, spread, '', '–', duration(report.provenance.phases.directions ?? 0)]);
    }
  }
  if (record) {
    const { llc, standardError, passes, provenance } = record;
    const relative = llc !== null && standardError !== null && llc !== 0 ? percent(standardError / Math.abs(llc)) : '–';
    table.push(['LLC by SGLD', llc === null ? 'no value' : short(llc), standardError === null ? '–' : `± ${uncertainty(standardError)}`, relative, count(Math.round(passes)), duration(provenance.seconds)]);
  }
  return table;
}

/** Backward passes over the probe that all spectra together took: one, or for the exact Fisher one for each output and position. */
export function ddsPasses({ probe, layers }: Report): number {
  return probe.fisher === 'exact' ? Math.max(1, (layers.at(-1)?.width ?? 1) * probe.positions) : 1;
}

function boundsWords(bounds: readonly [number, number | null] | null): [string, string] {
  if (!bounds) return ['–', 'not assembled'];
  return [bounds[1] === null ? `≥ ${short(bounds[0])}` : `${short(bounds[0])} to ${short(bounds[1])}`, 'bounds'];
}

/** Seconds of the spectra alone. */
export function ddsSeconds({ provenance: { seconds, phases } }: Report): number {
  return Math.max(0, seconds - (phases.directions ?? 0));
}

function figures({ name, value, uncertainty: error, limitedBy }: Reading): [string, string, string] {
  const shown = name === 'logDetPlus' ? decimal(value!) : scientific(value!);
  if (error === null) return [shown, limitedBy === 'samples' ? 'limited by samples' : 'not estimated', ''];
  return [shown, `± ${uncertainty(error)}`, value === 0 ? '–' : percent(error / Math.abs(value!))];
}

const percent = (x: number) => `${Number((100 * x).toPrecision(2))} %`;

export function curveTable(rows: readonly LlcComparison[]): string[][] {
  return [
    ['checkpoint', 'LLC here', 'imported', 'difference', 'in errors', 'passes', 'time'],
    ...rows.map(({ checkpoint, ours, theirs, difference, deviations }) => [
      checkpoint,
      llcWords(ours),
      theirs ? llcWords({ llc: theirs.llc, standardError: theirs.std }) : 'not in the file',
      difference === null ? '–' : short(difference),
      deviations === null ? '–' : deviations.toFixed(1),
      count(Math.round(ours.passes)),
      duration(ours.seconds),
    ]),
  ];
}

/** How far runs that differ in the seed of their chains scatter, beside what they say of their own error; null for one run. */
export function repeatsWords(repeats: readonly LlcRecord[]): string | null {
  const values = repeats.flatMap(({ llc, standardError }) => (llc === null || standardError === null ? [] : [{ llc, standardError }]));
  if (values.length < 2) return null;
  const mean = values.reduce((sum, v) => sum + v.llc, 0) / values.length;
  const scatter = Math.sqrt(values.reduce((sum, v) => sum + (v.llc - mean) ** 2, 0) / (values.length - 1));
  const own = Math.sqrt(values.reduce((sum, v) => sum + v.standardError ** 2, 0) / values.length);
  return `${counted(values.length, 'repeat')} on the same probe, seeds ${repeats.map((r) => r.settings.seed).join(', ')}: mean ${llcWords({ llc: mean, standardError: scatter / Math.sqrt(values.length) })}. They scatter by ${uncertainty(scatter)}, and each gives its own error as about ${uncertainty(own)}.`;
}

/** 'SGLD, all samples at every step: ε = …' */
export function settingsWords({ settings: s, probe }: LlcRecord): string {
  const how = [s.adjusted ? 'adjusted steps (MALA)' : 'SGLD', ...(s.preconditioner === 'rmsprop' ? ['RMSProp'] : []), s.batch === null ? 'all samples at every step' : `minibatches of ${s.batch}`];
  return `${how.join(', ')}: ε = ${short(s.step)}, γ = ${short(s.gamma)}, nβ = ${short(s.nbeta)}, ${counted(s.chains, 'chain')} of ${count(s.burnIn)} + ${count(s.draws)} steps, seed ${s.seed}, on ${probe.description}`;
}

/** Whether the fields ask for something else than what a record was sampled with. */
export function llcDiffers(request: LlcRequest, asked: { samples: number; loss: string | null }, { settings, calibration, probe }: LlcRecord): boolean {
  const swept = request.step === null || request.gammas.length > 1;
  return (
    swept !== (calibration !== null) ||
    (request.step !== null && request.step !== settings.step) ||
    !request.gammas.includes(settings.gamma) ||
    (request.nbeta !== null && request.nbeta !== settings.nbeta) ||
    (request.seed !== null && request.seed !== settings.seed) ||
    (['chains', 'burnIn', 'draws', 'adjusted', 'preconditioner', 'batch'] as const).some((key) => request[key] !== settings[key]) ||
    asked.samples !== probe.samples ||
    (asked.loss !== null && asked.loss !== probe.loss)
  );
}
