/** A report as a long table: one value per line. */
import type { Report } from '../analysis/report';

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

/** Text from a file: quoted where CSV needs it, and never a formula for the program that opens it. */
function cell(text: string): string {
  const safe = /^\s*[=+\-@]|^[\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
