/** A report as text for a terminal. */
import { directionId, directionWord } from '../analysis/direction-id';
import { normsLine } from '../analysis/norm-words';
import { lossComparison } from '../analysis/recorded-loss';
import { outputComparison } from '../analysis/recorded-outputs';
import type { NormReading, Report, Spectrum } from '../analysis/report';

const COLUMNS = ['layer', 'side', 'width', 'rows', 'rank', 'deficit', 'σ_min', 'λ⁺_min', 'log det⁺', 'stable rank', 'note'];

export function reportTable(report: Report): string {
  const { model, probe, checkpoint, provenance } = report;
  const lines = [
    `${checkpoint.name} · ${checkpoint.format} · ${model.title}`,
    ...model.choices.filter((c) => c.assumed).map((c) => `  ${c.key} = ${c.value}, assumed (${c.evidence}); override with --choice ${c.key}=…`),
    ...checkpoint.warnings.map((w) => `  warning: ${w}`),
  ];
  if (probe.loss) {
    const loss = probe.meanLoss === null ? '' : ` · mean loss ${number(probe.meanLoss)}`;
    lines.push(`probe: ${probe.description} · loss ${probe.loss} · Fisher ${probe.fisher}${loss}`, ...(probe.evidence ?? []).map((s) => `  ${s}`));
  }
  lines.push(...outputComparison(report), ...lossComparison(report));
  if (report.norms) lines.push(`norms: ${normsLine(report.norms)}`, ...report.norms.flatMap(degenerate));
  lines.push('', ...grid([COLUMNS, ...report.spectra.map(row)]), '', ...floors(report.spectra));
  lines.push(...directionLines(report));
  for (const s of report.skipped) lines.push(`skipped ${s.layer}${s.side ? ` (${s.side})` : ''}: ${s.reason}`);
  const phases = Object.entries(provenance.phases).map(([name, seconds]) => `${name} ${seconds.toFixed(2)} s`);
  lines.push(`${provenance.device} · ${provenance.seconds.toFixed(2)} s (${phases.join(', ')})`);
  return lines.join('\n') + '\n';
}

/** A kernel that is hardly more than a few coordinates. */
function degenerate({ layer, nearlyZero, width }: NormReading): string[] {
  return nearlyZero > 0 ? [`  ${layer}: ${nearlyZero} of ${width} γ near zero`] : [];
}

function directionLines({ directions, audit, triple }: Report): string[] {
  if (!directions || !triple) return [];
  const header = ['direction', 'verdict', 'line', 'order', '1/(2k)', 'which'];
  const shown = directions.map((d, i) => [
    directionWord(directionId(directions, i)), d.verdict, d.lineOrder === null ? '∞' : String(d.lineOrder), d.order === null ? '–' : String(d.order),
    d.coefficient === null ? '–' : d.coefficient.toPrecision(3), d.note ?? '',
  ]);
  const counts = ['layer', 'parameters', 'null', 'symmetries', 'input kernel', 'gradient kernel', 'unexplained'];
  const audited = (audit ?? []).map((a) => [a.layer, ...[a.parameters, a.found, a.expected, a.inputKernel, a.gradientKernel, a.unexplained].map(String)]);
  const assembled =
    triple.lambda === null
      ? `λ, m, ν: not assembled. ${triple.reason}${triple.bounds ? ` At least λ ≥ ${triple.bounds[0]}.` : ''}`
      : `λ = ${triple.lambda}, m = ${triple.multiplicity}${triple.nu === null ? '' : `, ν ≤ ${triple.nu.toPrecision(6)}`}. ${triple.assumption}`;
  return [
    ...(shown.length > 0 ? [...grid([header, ...shown]), ''] : ['no dead directions found', '']),
    ...(audited.length > 0 ? [...grid([counts, ...audited]), ''] : []),
    assembled,
    '',
  ];
}

/** What the ranks were counted above. */
function floors(spectra: readonly Spectrum[]): string[] {
  const shares = spectra.flatMap((s) => (s.eigenvalues[0]! > 0 ? [s.floor / s.eigenvalues[0]!] : []));
  if (shares.length === 0) return [];
  const digits = [...new Set(spectra.map((s) => s.digits))].sort((a, b) => a - b);
  const words = digits.length > 1 ? `${digits[0]} to ${digits.at(-1)} digits` : digits[0] === 1 ? '1 digit' : `${digits[0]} digits`;
  return [`floors: at most ${number(Math.max(...shares))} of the largest eigenvalue; above them an eigenvalue is known to ${words}`];
}

function row(s: Spectrum): string[] {
  const reading = (name: string) => {
    const r = s.readings.find((x) => x.name === name);
    if (!r || r.value === null) return '–';
    const bar = r.uncertainty === null ? '' : ` ± ${r.uncertainty.toPrecision(1)}`;
    return (r.limitedBy ? '< ' : '') + number(r.value) + bar;
  };
  const notes = [
    s.estimate ? `${s.eigenvalues.length} largest, the rest estimated` : '',
    s.sampleLimited ? 'limited by samples' : (s.deficit ?? 0) > 0 ? 'limited by the floor' : '',
  ];
  const counts = [s.dimension, s.rows, s.rank ?? range(s, 'rank'), s.deficit ?? '–'].map(String);
  return [s.tap.layer, s.tap.side, ...counts, reading('sigmaMin'), reading('lambdaPlusMin'), logs(s), reading('stableRank'), notes.filter(Boolean).join(', ')];
}

function logs(s: Spectrum): string {
  const r = s.readings.find((x) => x.name === 'logDetPlus');
  if (r?.value == null) return r?.reason?.startsWith('not resolved') ? 'not resolved' : '–';
  if (r.interval) return r.interval.map((x) => x.toFixed(2)).join(' … ');
  return r.value.toFixed(2) + (r.uncertainty === null ? '' : ` ± ${r.uncertainty.toPrecision(1)}`);
}

/** The 95 % interval of a count. */
function range(s: Spectrum, name: string): string {
  const interval = s.readings.find((r) => r.name === name)?.interval;
  return interval ? `${Math.floor(interval[0])} … ${Math.ceil(interval[1])}` : '–';
}

function number(x: number): string {
  const size = Math.abs(x);
  return x === 0 || (size >= 0.01 && size < 10_000) ? x.toPrecision(4) : x.toExponential(2);
}

/** Columns padded to their widest cell; the first `left` columns and the last to the left, numbers to the right. */
export function grid(rows: readonly (readonly string[])[], left = 2): string[] {
  const widths = rows[0]!.map((_, c) => Math.max(...rows.map((r) => r[c]!.length)));
  return rows.map((r) => r.map((cell, c) => (c < left || c === r.length - 1 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join('  ').trimEnd());
}
