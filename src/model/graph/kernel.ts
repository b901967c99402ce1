/** A basis of the vectors x [width] with row . x = 0 for all rows, by elimination with the largest entry of each row as its pivot. */
export function kernel(rows: readonly (readonly number[])[], width: number): number[][] {
  const pivots: { row: number[]; column: number }[] = [];
  for (const given of rows) {
    const row = [...given];
    const nothing = 1e-9 * row.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    for (const { row: pivot, column } of pivots) {
      const factor = row[column]!;
      if (factor !== 0) for (let c = 0; c < width; c++) row[c]! -= factor * pivot[c]!;
    }
    const column = row.reduce((most, x, c) => (Math.abs(x) > Math.abs(row[most]!) ? c : most), 0);
    if (!(Math.abs(row[column] ?? 0) > nothing)) continue;
    const scale = row[column]!;
    const unit = row.map((x) => x / scale);
    for (const other of pivots) {
      const factor = other.row[column]!;
      for (let c = 0; c < width; c++) other.row[c]! -= factor * unit[c]!;
    }
    pivots.push({ row: unit, column });
  }
  const free = Array.from({ length: width }, (_, c) => c).filter((c) => !pivots.some(({ column }) => column === c));
  return free.map((c) => Array.from({ length: width }, (_, at) => (at === c ? 1 : -(pivots.find(({ column }) => column === at)?.row[c] ?? 0))));
}
