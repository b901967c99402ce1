/** Every constructed cell in its own basis, after a symmetry, and in random coordinates, against what theory says. */
import { CELLS } from '../cells/registry';
import { experiment, integer } from '../experiment';
import { type CellReading, readCells } from '../read-cells';

export const cells = experiment({
  name: 'cells',
  title: 'orders and verdicts of constructed points of known order, in any coordinates',
  claim:
    'The order of a dead direction and whether it is a singularity or a gauge belong to the function, not to its coordinates (Measuring Dead Directions, 2607.00603).',
  parameters: { charts: integer('random charts per cell', { small: 6, full: 6, least: 0, most: 100 }) },
  async run({ numerics: { ops }, protocol: { charts }, seed, signal, progress }) {
    const readings: CellReading[] = [];
    for (const [i, cell] of CELLS.entries()) {
      for await (const reading of readCells(ops, [cell], { seed, charts, signal })) readings.push(reading);
      progress(i + 1, CELLS.length);
    }
    const wrong = readings.filter((r) => !isRight(r));
    const unresolved = wrong.filter((r) => r.verdict === 'unresolved').length;
    return {
      data: { cells: readings.map(({ name, chart, expected, lineOrder, order, verdict }) => ({ name, chart, expected, lineOrder, order, verdict })) },
      table: cellTable(readings),
      summary: `${readings.length} reads of ${CELLS.length} cells: ${readings.length - wrong.length} as expected, ${unresolved} unresolved, ${wrong.length - unresolved} wrong.`,
      plots: [],
    };
  },
});

export function isRight({ expected, order, verdict }: Pick<CellReading, 'expected' | 'order' | 'verdict'>): boolean {
  return order === expected.order && verdict === expected.verdict;
}

/** One row a cell; the charts are summed up, with those that differ from what was expected by name. */
export function cellTable(readings: readonly CellReading[]): string[][] {
  const names = [...new Set(readings.map((r) => r.name))];
  const show = (order: number | null) => (order === null ? '∞' : `${order}`);
  return [
    ['cell', 'line', 'order', 'verdict', 'expected', 'coordinates'],
    ...names.map((name) => {
      const own = readings.filter((r) => r.name === name);
      const first = own[0]!;
      const others = own.filter((r) => !isRight(r)).map((r) => `${r.chart}: ${r.verdict === 'unresolved' ? '' : `${show(r.order)} `}${r.verdict}`);
      return [
        name,
        show(first.lineOrder),
        first.verdict === 'unresolved' ? '–' : show(first.order),
        first.verdict,
        `${show(first.expected.order)} ${first.expected.verdict}`,
        others.length === 0 ? `all ${own.length} agree` : others.join('; '),
      ];
    }),
  ];
}
