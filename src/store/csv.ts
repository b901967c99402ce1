/** A report as tables: of spectra with one value per line, of directions with one direction per line. */
import type { Direction } from '../analysis/directions-schema';
import type { ExperimentRecord } from '../analysis/experiment-record';
import type { LlcRecord } from '../analysis/llc-record';
import type { Report } from '../analysis/report';
import { magnitudeOf } from './directions';

const HEADER = 'layer,side,quantity,index,value,uncertainty,limited_by';

export function csvOf(report: Report): string {
  const lines = [HEADER];
  for (const { tap, dimension, rows, floor, digits, eigenvalues, readings } of report.spectra) {
    const start = `${cell(tap.layer)},${tap.side}`;
    lines.push(`${start},dimension,,${dimension},,`, `${start},rows,,${rows},,`, `${start},floor,,${floor},,`, `${start},digits,,${digits},,`);
    for (const r of readings)
      lines.push(`${start},${cell(r.name)},,${r.value ?? ''},${r.uncertainty ?? ''},${r.limitedBy ?? ''}`);
    eigenvalues.forEach((value, i) => lines.push(`${start},eigenvalue,${i + 1},${value},,${value <= floor ? 'floor' : ''}`));
  }
  return lines.join('\r\n') + '\r\n';
}

const DIRECTIONS_HEADER =
  'layer,detector,which,line_order,order,verdict,coefficient,magnitude,slope,slope_low,slope_high,window_from,window_to,floor,evidence';

/** A flat direction has no order: the field is empty, as where nothing is claimed; the verdict tells them apart. */
export function directionsCsv(directions: readonly Direction[]): string {
  const lines = directions.map((d) => {
    const { sweep } = d;
    const numbers = [
      d.coefficient,
      magnitudeOf(d)?.value,
      sweep?.slope,
      ...(sweep?.interval ?? [null, null]),
      ...(sweep?.window ?? [null, null]),
      sweep?.floor,
    ];
    return [
      cell(d.layer),
      cell(d.detector),
      cell(d.note ?? ''),
      d.lineOrder ?? '',
      d.order ?? '',
      d.verdict,
      ...numbers.map((x) => x ?? ''),
      cell(d.evidence),
    ].join(',');
  });
  return [DIRECTIONS_HEADER, ...lines].join('\r\n') + '\r\n';
}

/** The table of an experiment, as it is shown. */
export function tableCsv(table: ExperimentRecord['table']): string {
  return table.map((row) => row.map((text) => (isNumber(text) ? text : cell(text))).join(',')).join('\r\n') + '\r\n';
}

/** One line per checkpoint, in the columns that a curve is imported by. */
export function llcCsv(records: readonly LlcRecord[]): string {
  const lines = records.map(({ checkpoint, llc, standardError, effectiveDraws, acceptance, passes, settings, problems, provenance }) =>
    [cell(checkpoint.name), llc, standardError, effectiveDraws, acceptance, passes, provenance.seconds, settings.step, settings.gamma, settings.nbeta, settings.seed, cell(problems.join(' '))]
      .map((x) => x ?? '')
      .join(','),
  );
  return ['checkpoint,llc,std,effective_draws,acceptance,passes,seconds,step,gamma,nbeta,seed,problems', ...lines].join('\r\n') + '\r\n';
}

/** A negative number is no formula. */
export function isNumber(text: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
}

/** Text from a file: quoted where CSV needs it, and never a formula for the program that opens it. */
export function cell(text: string): string {
  const safe = /^\s*[=+\-@]|^[\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
