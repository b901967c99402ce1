/** Weights that are solved in place, from their file: the same spectra as through the whole Gram. */
import { describe, expect, it } from 'vitest';
import type { AnalysisEvent } from '../../src/analysis/events';
import { Session } from '../../src/analysis/session';
import { solveSpectrum } from '../../src/analysis/spectra';
import { inPlace } from '../../src/analysis/weight-spectrum';
import { Random } from '../../src/base/random';
import { bufferSource } from '../../src/checkpoint/sources';
import { dualGramOfRows, gramOfRows } from '../../src/numerics/cpu/gram';
import { inlineSolver } from '../../src/numerics/solver';
import { join, safetensors } from '../checkpoint/writers';
import { analyzeOpened } from './run';

/** A file of one weight, and a tensor beside it that makes it no network. */
async function opened(dtype: string, shape: readonly number[], bytes: Uint8Array) {
  const odd = new Uint8Array(4);
  const header = {
    weight: { dtype, shape, data_offsets: [0, bytes.length] },
    'odd.table': { dtype: 'F32', shape: [1, 1, 1], data_offsets: [bytes.length, bytes.length + 4] },
  };
  const session = new Session();
  const { checkpoints } = await session.open([bufferSource('weight.safetensors', safetensors(header, join(bytes, odd)))]);
  return { session, id: checkpoints[0]!.id };
}

const bytesOf = (x: Float32Array | Float64Array | Uint16Array) => new Uint8Array(x.buffer, x.byteOffset, x.byteLength);
const shape = [290, 270] as const;
const normals = Float32Array.from(new Random(3).normals(shape[0] * shape[1]));
const upper = Uint16Array.from(new Uint32Array(normals.buffer), (bits) => bits >>> 16);

describe.each([
  ['F32', shape, normals, bytesOf(normals)],
  ['BF16', shape, new Float32Array(Uint32Array.from(upper, (bits) => bits << 16).buffer), bytesOf(upper)],
  ['F64', [...shape].reverse(), Float64Array.from(normals, Math.cbrt), bytesOf(Float64Array.from(normals, Math.cbrt))],
] as const)('%s', (dtype, [rows, columns], values, bytes) => {
  it('has the spectrum of its Gram', async () => {
    expect(inPlace(rows!, columns!)).toBe(true);
    const { session, id } = await opened(dtype, [rows!, columns!], bytes);
    const events: AnalysisEvent[] = [];
    const report = await analyzeOpened(session, id, null, { layers: 'weight' }, { emit: (event) => events.push(event) });
    const total = { ...(rows! >= columns! ? gramOfRows : dualGramOfRows)(values, rows!, columns!), rows: 1 };
    const want = await solveSpectrum({ tap: { layer: 'weight', side: 'weight' }, total, without: [], tapRoundoff: 0, digits: 1, threshold: 0 }, inlineSolver);
    // Residuals are made of the matrix itself there, of its Gram here.
    expect({ ...report.spectra[0]!, residuals: null }).toEqual({ ...want, residuals: null });
    expect(report.spectra[0]!.residuals.map((r) => r === null)).toEqual(want.residuals.map((r) => r === null));
    expect(Object.keys(report.provenance.phases)).toEqual(['gram', 'eigen']);
    expect(new Set(events.flatMap((event) => (event.type === 'progress' ? [event.phase] : [])))).toEqual(new Set(['read', 'gram', 'eigen']));
  });
});

it('stops at once, and says what is not finite', async () => {
  const { session, id } = await opened('F32', shape, bytesOf(normals));
  const cancel = new AbortController();
  const stopped = analyzeOpened(session, id, null, { layers: 'weight' }, { signal: cancel.signal, emit: (event) => event.type === 'progress' && event.phase === 'eigen' && cancel.abort() });
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });

  const broken = normals.slice();
  broken[3 * shape[1] + 7] = NaN;
  const other = await opened('F32', shape, bytesOf(broken));
  await expect(analyzeOpened(other.session, other.id, null, { layers: 'weight' })).rejects.toThrow("'weight' holds 1 values that are not finite (the first at [3, 7])");
});
