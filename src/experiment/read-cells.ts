/** Reads constructed cells: as they are, moved by a symmetry of their own, and in random nonlinear coordinates. */
import { Random } from '../base/random';
import type { OutputMap, NamedVector } from '../direction/output-map';
import { readDirections } from '../direction/read-directions';
import type { Direction, Verdict } from '../direction/types';
import type { TensorOps } from '../numerics/ops';
import { type Cell, moved } from './cell';
import { randomChart } from './chart';

export interface CellReading {
  readonly name: string;
  /** 'canonical', 'symmetry', 'chart 1' … */
  readonly chart: string;
  readonly expected: { readonly order: number | null; readonly verdict: Verdict };
  readonly lineOrder: number | null;
  /** Null when flat or unresolved. */
  readonly order: number | null;
  readonly verdict: Verdict;
  readonly evidence: string;
}

export interface CellOptions {
  seed?: number;
  charts?: number;
  signal?: AbortSignal;
}

export async function* readCells(ops: TensorOps, cells: readonly Cell[], { seed = 0, charts = 6, signal }: CellOptions = {}): AsyncGenerator<CellReading> {
  for (const cell of cells) {
    for (const { chart, map, direction, generators } of variants(cell, new Random(seed).split(cell.name), charts)) {
      const candidate = { detector: 'cell', layer: cell.name, vector: direction, generators };
      const [found] = (await readDirections(ops, map, [candidate], { signal })) as [Direction];
      const { order, verdict } = cell.expected;
      yield { name: cell.name, chart, expected: { order, verdict }, lineOrder: found.lineOrder, order: found.order, verdict: found.verdict, evidence: found.evidence };
    }
  }
}

interface Variant {
  chart: string;
  map: OutputMap;
  direction: NamedVector;
  generators: readonly NamedVector[];
}

function* variants(cell: Cell, random: Random, charts: number): Generator<Variant> {
  const point = cell.point(random.split('point'));
  yield { chart: 'canonical', map: point, direction: point.direction, generators: point.generators };
  if (cell.symmetry) {
    const other = moved(point, cell.symmetry(random.split('symmetry')));
    yield { chart: 'symmetry', map: other, direction: other.direction, generators: other.generators };
  }
  for (let i = 1; i <= charts; i++) {
    const { map, pull } = randomChart(point, random.split(`chart ${i}`));
    yield { chart: `chart ${i}`, map, direction: pull(point.direction), generators: point.generators.map(pull) };
  }
}
