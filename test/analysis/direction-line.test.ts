/** The slope along a direction that was read: its vector is found again, and what it wakes is counted. */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { analyze } from '../../src/analysis/analyze';
import { directionId, directionWord, placeOfDirection, readDirectionWord, type DirectionId } from '../../src/analysis/direction-id';
import { Session } from '../../src/analysis/session';
import { verdictOf } from '../../src/analysis/slope-verdict';
import { fitAll } from '../../src/analysis/slopes';
import { trace } from '../../src/analysis/trace';
import { planTrace } from '../../src/analysis/trace-plan';
import { Trajectory } from '../../src/analysis/trajectory';
import { walkFiles } from '../../src/cli/file-source';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';
import { inlineSolver } from '../../src/numerics/solver';
import { ROOT } from './run';

const request = { samples: 48, folds: 0 };
const reference = cpuNumerics();
const session = new Session();
let id: string;
let decayedId: string;
beforeAll(async () => {
  const opened = await session.open((await walkFiles([join(ROOT, 'public/examples/dead-units.safetensors')])).files);
  id = opened.checkpoints[0]!.id;
  const decayed = await session.open((await walkFiles([join(ROOT, 'test/fixtures/trained/decayed-tanh-unit.safetensors')])).files);
  decayedId = decayed.checkpoints[0]!.id;
});

async function along(direction: DirectionId, earlier: Trajectory | null = null, of = id) {
  let analysed = 0;
  const plan = await planTrace(session, { path: { kind: 'line', id: of, seed: 0, direction }, request, earlier }, null, reference.ops);
  const trajectory = await trace(plan, {
    analyze: (checkpoint, asked, own) => (analysed++, analyze(checkpoint, null, asked, { numerics: reference, reference, ...own })),
    solver: inlineSolver,
    emit: () => {},
  });
  const fits = new Map(fitAll(trajectory, 'log distance', null, { threshold: 0, digits: null }).map((f) => [`${f.layer} ${f.side}`, f]));
  return { trajectory, fits, analysed };
}

const named = (word: string) => readDirectionWord(word)!;

describe('a line along a direction', () => {
  it('a dead unit: one of two rises, as the square of the step, and the last point is the checkpoint', async () => {
    const { trajectory, fits } = await along(named('dead-unit@0#2'));
    expect(trajectory).toMatchObject({ path: 'line', direction: { detector: 'dead-unit', layer: '0', index: 1, note: expect.stringContaining('unit 11') }, planned: 27 });
    expect(Trajectory.parse(JSON.parse(JSON.stringify(trajectory)))).toEqual(JSON.parse(JSON.stringify(trajectory)));
    for (const side of ['activation', 'gradient']) {
      const fit = fits.get(`0 ${side}`)!;
      expect(fit).toMatchObject({ deficit: 2, died: 1 });
      expect(fit.ratio!.value).toBeCloseTo(1, 4);
      expect(fit.smallest!.value).toBeCloseTo(2, 4);
      expect(verdictOf(fit, true)).toMatchObject({ count: 1, agrees: true, sentence: expect.stringContaining('1 of 2 dead stays dead: this direction does not wake it.') });
    }
    const [first, last] = [trajectory.points[0]!, trajectory.points.at(-1)!];
    expect(last.distance).toBe(0);
    expect(first.distance).toBeGreaterThan(0);
    const alone = await analyze(session.checkpoint(id), null, request, { numerics: reference, reference, solver: inlineSolver, emit: () => {} });
    expect(last.spectra.map((s) => s.gram.sha256)).toEqual(alone.spectra.map((s) => s.gram.sha256));
  });

  it('a unit that weight decay has all but killed: the line starts where it is dead', async () => {
    const { trajectory, fits } = await along(named('dead-unit@0#1'), null, decayedId);
    expect(trajectory.direction!.note).toContain('nearly zero');
    const fit = fits.get('0 activation')!;
    expect(fit).toMatchObject({ deficit: 1, died: 1 });
    expect(fit.ratio!.value).toBeCloseTo(1, 4);
    expect(fit.smallest!.value).toBeCloseTo(2, 3);
  });

  it('a gauge wakes nothing', async () => {
    const { fits } = await along(named('symmetry@0#1'));
    expect(verdictOf(fits.get('0 gradient')!, true)).toMatchObject({ count: 0, agrees: true, sentence: 'Nothing rises along the line. 2 of 2 dead stay dead: this direction does not wake them.' });
  });

  it('points are taken over by the same direction, and by no other', async () => {
    const { trajectory } = await along(named('dead-unit@0#1'));
    expect((await along(named('dead-unit@0#1'), trajectory)).analysed).toBe(0);
    expect((await along(named('dead-unit@0#2'), trajectory)).analysed).toBe(27);
  });

  it('is refused in a sentence where the direction is not found again', async () => {
    await expect(along(named('dead-unit@0#3'))).rejects.toMatchObject({ code: 'direction', message: expect.stringContaining('2 of that kind are found') });
    await expect(along(named('norm-kernel@0#1'))).rejects.toThrow('none of that kind');
    await expect(along({ ...named('dead-unit@0#1'), note: 'unit 4, incoming and outgoing weights zero' })).rejects.toThrow(/'unit 3, .*' is found in its place/);
  });
});

it('names of directions come back', () => {
  const list = ['a', 'b', 'a', 'a'].map((layer, i) => ({ detector: 'dead-unit', layer: `x@${layer}#1`, note: `n${i}` }));
  for (const at of list.keys()) {
    const found = directionId(list, at);
    expect(placeOfDirection(list, found)).toBe(at);
    expect(readDirectionWord(directionWord(found))).toEqual({ ...found, note: null });
  }
  for (const word of ['', 'dead-unit', 'dead-unit@x', 'dead-unit@x#0', 'dead-unit@x#-1', 'Dead@x#1', '@x#1']) expect(readDirectionWord(word)).toBeNull();
});
