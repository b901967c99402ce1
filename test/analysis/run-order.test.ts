import { describe, expect, it } from 'vitest';
import { groupRuns, orderRun, recordedStep } from '../../src/analysis/run-order';
import type { CheckpointSummary } from '../../src/analysis/report';

const members = (...names: string[]) => names.map((name) => ({ name, recorded: null }));
const inOrder = (...names: string[]) => {
  const found = orderRun(members(...names));
  return { names: found.order.map((i) => names[i]!), steps: found.steps, by: found.by };
};

describe('the order of a run', () => {
  it.each([
    ['files by step', ['step1000.safetensors', 'step0.safetensors', 'step200.safetensors'], [0, 200, 1000]],
    ['folders by checkpoint', ['run/checkpoint-1500/model.safetensors', 'run/checkpoint-500/model.safetensors'], [500, 1500]],
    ['epochs', ['epoch_10.pt', 'epoch_9.pt', 'epoch_1.pt'], [1, 9, 10]],
    ['lightning: the step, not the epoch', ['epoch=3-step=1200.ckpt', 'epoch=0-step=300.ckpt', 'epoch=3-step=900.ckpt'], [300, 900, 1200]],
    ['thousands', ['step=2k.pt', 'step=500.pt', 'step=1m.pt'], [500, 2000, 1e6]],
    ['the number that varies', ['model-000010.pt', 'model-000002.pt', 'model-000100.pt'], [2, 10, 100]],
    ['beside numbers that do not', ['mlp2_w64_7.npz', 'mlp2_w64_31.npz', 'mlp2_w64_5.npz'], [5, 7, 31]],
  ])('%s', (_, names, steps) => {
    const found = inOrder(...names);
    expect(found.by).toBe('names');
    expect(found.steps).toEqual(steps);
    expect(found.names.map((n) => names.indexOf(n))).not.toContain(-1);
  });

  it('what a file records goes before its name', () => {
    const found = orderRun([{ name: 'step5.pt', recorded: 900 }, { name: 'step6.pt', recorded: 100 }]);
    expect(found).toMatchObject({ order: [1, 0], steps: [100, 900], by: 'metadata' });
  });

  it.each([
    ['words', ['init.pt', 'final.pt']],
    ['two numbers that disagree', ['a1_b2.pt', 'a2_b1.pt']],
    ['the same step twice', ['x/step5.pt', 'y/step5.pt']],
    ['one that has none', ['step1.pt', 'step2.pt', 'final.pt']],
  ])('asks where it cannot tell: %s', (_, names) => {
    const found = inOrder(...names);
    expect(found.by).toBeNull();
    expect(found.steps.every((s) => s === null)).toBe(true);
    expect([...found.names].sort()).toEqual([...names].sort());
  });

  it('finds the step among the scalars of a file', () => {
    expect(recordedStep(new Map([['epoch', '3'], ['trainer.global_step', '1200']]))).toBe(1200);
    expect(recordedStep(new Map([['iter_num', '2000'], ['best_val_loss', '1.9']]))).toBe(2000);
    expect(recordedStep(new Map([['config.step_size', '0.1'], ['step', 'last']]))).toBeNull();
  });
});

it('checkpoints of the same names and shapes are of one run, whatever their types', () => {
  const summary = (dtype: string, width: number) => ({ checkpoint: { tensorCount: 1, tensors: [{ name: 'w', dtype, shape: [width, 2], status: 'analysed', reason: null }] } as unknown as CheckpointSummary });
  const [a, b, c] = [summary('f32', 4), summary('f64', 4), summary('f32', 5)];
  expect(groupRuns([c, a, b])).toEqual([[a, b], [c]]);
});
