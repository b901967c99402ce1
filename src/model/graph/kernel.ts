/** Vectors x with row . x = 0 for all rows, by elimination: counts of paths are small integers. */
export function kernel(rows: readonly (readonly number[])[], width: number): number[][] {
  const pivots: { row: number[]; column: number }[] = [];
  for (const given of rows) {
    const row = [...given];
    for (const { row: pivot, column } of pivots) {
      const factor = row[column]!;
      if (factor !== 0) for (let c = 0; c < width; c++) row[c]! -= factor * pivot[c]!;
    }
    const column = row.findIndex((x) => Math.abs(x) > 1e-9);
    if (column < 0) continue;
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
