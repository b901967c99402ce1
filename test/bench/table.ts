/** Rows for people: ratios first. A table of Markdown that is readable as it is. */
import type { Host, Row, Task } from './implementation';

/** What ratios are to, within a host and a size: the peer, and its task where that is another one. */
const BASES: Readonly<Record<Task, readonly { readonly name: string; readonly task?: Task }[]>> = {
  'gram-f32': [{ name: 'tfjs-webgpu' }, { name: 'jax-js-webgpu' }, { name: 'numpy' }, { name: 'torch-cuda' }],
  'gram-f64': [{ name: 'tfjs-webgpu', task: 'gram-f32' }, { name: 'ml-matrix' }, { name: 'numpy-gemm' }, { name: 'torch-cuda' }],
  'gram-exact': [{ name: 'tfjs-webgpu', task: 'gram-f32' }, { name: 'numpy-gemm', task: 'gram-f64' }, { name: 'torch-cuda', task: 'gram-f64' }],
  eigenvalues: [{ name: 'ml-matrix' }, { name: 'numpy' }, { name: 'torch-cuda' }],
  eigenvectors: [{ name: 'ml-matrix' }, { name: 'numpy' }, { name: 'torch-cuda' }],
  analysis: [],
  directions: [],
};

/** One table for each host and task. */
export function tables(rows: readonly Row[]): string {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(`${row.host} ${row.task}`, [...(groups.get(`${row.host} ${row.task}`) ?? []), row]);
  return [...groups.values()].map((group) => oneTable(group, rows)).join('\n');
}

interface Column {
  readonly title: string;
  cell(row: Row): string;
}

function oneTable(group: readonly Row[], all: readonly Row[]): string {
  const { task, host } = group[0]!;
  const ratios = BASES[task].flatMap((base): Column[] => {
    const others = baseOf(base, task, host, all);
    if (others.length === 0) return [];
    const cell = (row: Row) => {
      const other = others.find(({ size }) => size === row.size);
      return other ? `${digits(other.milliseconds / row.milliseconds)}x` : '';
    };
    return [{ title: `speed / ${base.name}${base.task ? ` ${base.task.slice('gram-'.length)}` : ''}`, cell }];
  });
  const columns: Column[] = [
    ...ratios,
    { title: 'size', cell: (row) => row.size },
    { title: 'implementation', cell: (row) => row.implementation },
    { title: 'ms', cell: (row) => digits(row.milliseconds) },
    { title: 'fastest', cell: (row) => digits(row.fastest) },
    { title: 'runs', cell: (row) => `${row.runs}` },
    ...(task.startsWith('gram') ? [{ title: 'GF/s', cell: (row: Row) => digits(gigaflops(row)) }] : []),
    ...(task === 'directions' ? [{ title: 'ms / direction', cell: (row: Row) => digits(row.milliseconds / Number(row.size.split('x')[0])) }] : []),
    { title: 'max error', cell: (row) => (row.maxError === 0 ? '0' : row.maxError.toExponential(0)) },
    ...(task === 'analysis' ? [{ title: 'where the time goes (ms)', cell: phasesOf }] : []),
  ];
  const sorted = [...group].sort((a, b) => sizeOrder(a.size) - sizeOrder(b.size) || a.milliseconds - b.milliseconds);
  const body = sorted.map((row) => columns.map(({ cell }) => cell(row)));
  const widths = columns.map(({ title }, k) => Math.max(title.length, ...body.map((cells) => cells[k]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, k) => cell.padEnd(widths[k]!)).join(' | ')} |`;
  const rule = widths.map((width) => '-'.repeat(width));
  return [`#### ${task}, ${host}`, '', line(columns.map(({ title }) => title)), line(rule), ...body.map(line), ''].join('\n');
}

function phasesOf({ phases = {} }: Row): string {
  return Object.entries(phases).map(([phase, milliseconds]) => `${phase} ${milliseconds.toFixed(0)}`).join(', ');
}

function baseOf(base: { name: string; task?: Task }, task: Task, host: Host, all: readonly Row[]): readonly Row[] {
  return all.filter((row) => row.host === host && row.implementation === base.name && row.task === (base.task ?? task));
}

/** Full-equivalent: 2 n d^2 whoever makes only one half. */
function gigaflops({ size, milliseconds }: Row): number {
  const [rows, columns] = size.split('x').map(Number);
  return (2 * rows! * columns! ** 2) / milliseconds / 1e6;
}

const sizeOrder = (size: string) => size.split('x').reduce((product, n) => product * Number(n), 1);

/** Three significant digits without an exponent. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();
}
