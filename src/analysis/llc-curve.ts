/** An LLC curve that was made elsewhere (CSV: checkpoint, llc, std), and what it says beside ours. */
import { InputError } from '../base/errors';
import type { LlcRecord } from './llc-record';

export interface LlcPoint {
  readonly checkpoint: string;
  readonly llc: number;
  /** Null where the file gives none. */
  readonly std: number | null;
}

export interface LlcComparison {
  readonly checkpoint: string;
  readonly ours: Pick<LlcRecord, 'llc' | 'standardError' | 'passes'> & { readonly seconds: number };
  readonly theirs: LlcPoint | null;
  readonly difference: number | null;
  /** Difference over both errors together; null where one is missing, or both are 0. */
  readonly deviations: number | null;
}

const MOST_ROWS = 100_000;
const MOST_CHARACTERS = 16 * 2 ** 20;
const NAMES: Readonly<Record<string, readonly string[]>> = {
  checkpoint: ['checkpoint', 'step', 'name', 'file'],
  llc: ['llc', 'mean', 'lambda', 'lambdahat'],
  std: ['std', 'sd', 'standarderror', 'stderr', 'se', 'error'],
};

/**
 * A header line names the columns, in any order: checkpoint, llc, and std where there is one. Other columns are left alone.
 * @throws InputError naming the line.
 */
export function parseLlcCurve(text: string, file: string): LlcPoint[] {
  const fail = (code: string, words: string) => new InputError(code, `${file}: ${words}`, { file });
  const wanted = 'A curve is CSV with the header checkpoint,llc,std and one line per checkpoint.';
  if (text.length > MOST_CHARACTERS) throw fail('curve-size', `it holds ${text.length} characters; at most ${MOST_CHARACTERS} are read. ${wanted}`);
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const first = lines.findIndex((line) => line.trim() !== '');
  if (first < 0) throw fail('curve-empty', `it is empty. ${wanted}`);
  const header = fields(lines[first]!).map((name) => name.toLowerCase().replace(/[^a-z]/g, ''));
  const column = (key: string) => header.findIndex((name) => NAMES[key]!.includes(name));
  const [at, value, spread] = [column('checkpoint'), column('llc'), column('std')];
  if (at < 0 || value < 0) throw fail('curve-header', `its first line is "${lines[first]!.slice(0, 80)}", which names no ${at < 0 ? 'checkpoint' : 'llc'}. ${wanted}`);
  const points: LlcPoint[] = [];
  const seen = new Map<string, number>();
  for (let i = first + 1; i < lines.length; i++) {
    if (lines[i]!.trim() === '') continue;
    if (points.length === MOST_ROWS) throw fail('curve-size', `it has more than ${MOST_ROWS} checkpoints.`);
    const cells = fields(lines[i]!);
    const checkpoint = (cells[at] ?? '').slice(0, 400);
    if (checkpoint === '') throw fail('curve-name', `line ${i + 1} names no checkpoint.`);
    const before = seen.get(checkpoint);
    if (before !== undefined) throw fail('curve-twice', `'${checkpoint}' stands on line ${before} and on line ${i + 1}. Give each checkpoint one line.`);
    seen.set(checkpoint, i + 1);
    const llc = number(cells[value]);
    if (llc === null) throw fail('curve-number', `line ${i + 1} gives the llc "${(cells[value] ?? '').slice(0, 40)}", which is no finite number.`);
    const given = spread < 0 ? '' : (cells[spread] ?? '');
    const std = given === '' ? null : number(given);
    if (given !== '' && (std === null || std < 0)) throw fail('curve-number', `line ${i + 1} gives the std "${given.slice(0, 40)}", which is no finite number of at least 0.`);
    points.push({ checkpoint, llc, std });
  }
  if (points.length === 0) throw fail('curve-empty', `it has a header and no checkpoints. ${wanted}`);
  return points;
}

/** A checkpoint belongs to the line of its name, or of its name without folder and ending. */
export function compareLlc(records: readonly LlcRecord[], curve: readonly LlcPoint[]): LlcComparison[] {
  const exact = new Map(curve.map((point) => [point.checkpoint, point]));
  const stems = new Map<string, LlcPoint | null>();
  // Two lines of one stem are no match for either.
  for (const point of curve) stems.set(stem(point.checkpoint), stems.has(stem(point.checkpoint)) ? null : point);
  return records.map(({ checkpoint: { name }, llc, standardError, passes, provenance: { seconds } }) => {
    const theirs = exact.get(name) ?? stems.get(stem(name)) ?? null;
    const difference = theirs && llc !== null ? llc - theirs.llc : null;
    const error = Math.hypot(standardError ?? 0, theirs?.std ?? 0);
    const known = difference !== null && standardError !== null && theirs!.std !== null && error > 0;
    return { checkpoint: name, ours: { llc, standardError, passes, seconds }, theirs, difference, deviations: known ? difference / error : null };
  });
}

function stem(name: string): string {
  return name.replace(/^.*[/\\]/, '').replace(/\.[a-z][a-z0-9]*$/i, '');
}

/** Cells of a line, trimmed; quotes double inside quotes. A quoted line break is not part of this format. */
function fields(line: string): string[] {
  const cells: string[] = [];
  let begin = 0;
  let quoted = false;
  for (let i = 0; i <= line.length; i++) {
    if (line[i] === '"') quoted = !quoted;
    if (i < line.length && (quoted || line[i] !== ',')) continue;
    const cell = line.slice(begin, i).trim();
    cells.push(cell.length > 1 && cell.startsWith('"') && cell.endsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    begin = i + 1;
  }
  return cells;
}

function number(text: string | undefined): number | null {
  if (text === undefined || !/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
