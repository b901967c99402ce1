/** What is free in graphs beyond plain stacks: bases of linear channels, constants, groups, joins, norms that read a stream, weights that nothing meets. */
import { describe, expect, it } from 'vitest';
import type { GraphInput, Operator } from '../../../src/model/graph/graph';
import { audit } from '../null-space';
import { bn, conv, dense, graphOf, images, modelOfGraph, norm, relu } from './small-graphs';

const image = (channels: number, side: number): GraphInput => ({ kind: 'image', channels, height: side, width: side, order: 'chw' });

describe('free channels', () => {
  const tanh: Operator = { kind: 'activation', activation: 'tanh' };

  it('a convolution that reads another without padding: any basis, and a constant against its bias', async () => {
    const graph = graphOf(image(3, 4), [conv('a', 2), conv('b', 2), ['t', tanh], ['flat', { kind: 'flatten', order: 'hwc' }], ['c', dense('c')]]);
    const model = modelOfGraph(graph, { 'a.weight': [12, 2], 'a.bias': [2], 'b.weight': [8, 3], 'b.bias': [3], 'c.weight': [12, 2], 'c.bias': [2] });
    expect(await audit(model, await images(model, 4), 'mse')).toMatchObject({ nullity: 4 + 2, span: 4 + 2 });
  });

  it('the same with padding: any basis, and no constant', async () => {
    const graph = graphOf(image(3, 4), [conv('a', 2), conv('b', 2, { padding: 1 }), ['t', tanh], ['flat', { kind: 'flatten', order: 'chw' }], ['c', dense('c')]]);
    const model = modelOfGraph(graph, { 'a.weight': [12, 2], 'a.bias': [2], 'b.weight': [8, 3], 'b.bias': [3], 'c.weight': [48, 2], 'c.bias': [2] });
    expect(await audit(model, await images(model, 4), 'mse')).toMatchObject({ nullity: 4, span: 4 });
  });

  it('groups, a depthwise convolution and a join', async () => {
    const graph = graphOf(image(2, 4), [
      conv('a', 2), ['r', relu], conv('b', 2, { groups: 2 }), ['s', relu], conv('d', 3, { groups: 4, padding: 1 }), ['t', tanh],
      ['join', { kind: 'concat' }, 's', 't'], ['flat', { kind: 'flatten', order: 'chw' }], ['c', dense('c')],
    ]);
    const model = modelOfGraph(graph, { 'a.weight': [8, 4], 'a.bias': [4], 'b.weight': [8, 4], 'b.bias': [4], 'd.weight': [9, 4], 'd.bias': [4], 'c.weight': [32, 3], 'c.bias': [3] });
    expect(await audit(model, await images(model, 4), 'mse')).toMatchObject({ nullity: 8, span: 8 });
  });

  it('a batch norm that reads a stream, as in residual networks of the second version', async () => {
    const graph = graphOf(image(2, 4), [
      conv('a', 3, { padding: 1 }), ['n1', norm('n1')], ['r1', relu], conv('b', 3, { padding: 1 }),
      ['sum', { kind: 'add' }, 'a', 'b'], ['n2', norm('n2')], ['r2', relu], ['mean', { kind: 'global-average-pool' }], ['c', dense('c')],
    ]);
    const model = modelOfGraph(graph, { 'a.weight': [18, 2], 'a.bias': [2], ...bn('n1', 2), 'b.weight': [18, 2], 'b.bias': [2], ...bn('n2', 2), 'c.weight': [2, 3], 'c.bias': [3] });
    // Scales of the stream and behind both norms; constants of a against both norms, of b against the second.
    expect(await audit(model, await images(model, 3), 'mse')).toMatchObject({ nullity: 2 + 2 + 2 + 2 + 2, span: 10 });
  });

  it('weights that only padding meets, and logits behind a mean over the pixels', async () => {
    const graph = graphOf(image(3, 2), [conv('a', 2, { stride: 2 }), ['r', relu], conv('b', 3, { padding: 1 }), ['mean', { kind: 'global-average-pool' }]]);
    const model = modelOfGraph(graph, { 'a.weight': [12, 2], 'a.bias': [2], 'b.weight': [18, 3], 'b.bias': [3] });
    const found = await audit(model, await images(model, 4), 'ce');
    // Eight of nine places of b; two scales; one constant of all logits for each input of its middle, and its bias.
    expect(found).toMatchObject({ nullity: 8 * 2 * 3 + 2 + 2 + 1, span: 8 * 2 * 3 + 2 + 2 + 1 });
  });

  it.each([['layer-norm', 'linear'], ['layer-norm', 'relu'], ['rms-norm', 'linear']] as const)('%s behind a dense layer, before %s', async (normalization, activation) => {
    const graph = graphOf({ kind: 'vector', width: 5 }, [
      ['p', dense('p')], ['n', { kind: 'norm', normalization, scale: 'n.weight', shift: 'n.bias', epsilon: 1e-5 }],
      ...(activation === 'relu' ? [['f', relu] as const] : []), ['a', dense('a')], ['t', tanh], ['c', dense('c')],
    ]);
    const model = modelOfGraph(graph, { 'p.weight': [5, 4], 'p.bias': [4], 'n.weight': [4], 'n.bias': [4], 'a.weight': [4, 3], 'a.bias': [3], 'c.weight': [3, 2], 'c.bias': [2] });
    const found = await audit(model, await images(model), 'mse');
    expect(found.nullity).toBe(found.span);
    expect(found.span).toBeGreaterThan(3);
  });
});
