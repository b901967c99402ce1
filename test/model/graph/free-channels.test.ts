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

  it('a bottleneck of MobileNetV2: what linear batch norms write may be mixed, and both of its writers with it', async () => {
    const graph = graphOf(image(2, 4), [
      conv('a', 1, { bias: false }), ['n0', norm('n0')],
      conv('e', 1, { bias: false }), ['n1', norm('n1')], ['r1', relu], conv('d', 3, { padding: 1, groups: 4, bias: false }), ['n2', norm('n2')], ['r2', relu],
      conv('p', 1, { bias: false }), ['n3', norm('n3')], ['sum', { kind: 'add' }, 'n0', 'n3'],
      conv('h', 1, { bias: false }), ['n4', norm('n4')], ['r4', relu], ['mean', { kind: 'global-average-pool' }], ['c', dense('c')],
    ]);
    const model = modelOfGraph(graph, {
      'a.weight': [2, 2], ...bn('n0', 2), 'e.weight': [2, 4], ...bn('n1', 4), 'd.weight': [9, 4], ...bn('n2', 4), 'p.weight': [4, 2], ...bn('n3', 2),
      'h.weight': [2, 3], ...bn('n4', 3), 'c.weight': [3, 3], 'c.bias': [3],
    });
    const { nullity, span, families } = await audit(model, await images(model), 'mse');
    // Before and behind each norm a scale, of the stream one for both of its norms; a constant of each of the two; and the two ways of mixing two channels.
    expect({ nullity, span }).toEqual({ nullity: 2 + 2 + 2 + 4 + 4 + 4 + 4 + 3 + 3 + 2 + 2 + 2, span: 34 });
    expect(families.get('mixing of linear channels')).toBe(2);
  });

  it('a linear batch norm behind groups, and copies that a depthwise convolution makes: mixed within their group', async () => {
    const graph = graphOf(image(2, 5), [
      conv('a', 2, { groups: 2 }), ['n', norm('n')], conv('b', 2, { padding: 1 }), ['t', tanh], conv('d', 2, { groups: 2, bias: false }), conv('p', 1),
      ['s', tanh], ['mean', { kind: 'global-average-pool' }], ['c', dense('c')],
    ]);
    const model = modelOfGraph(graph, {
      'a.weight': [4, 4], 'a.bias': [4], ...bn('n', 4), 'b.weight': [16, 2], 'b.bias': [2], 'd.weight': [4, 4], 'p.weight': [4, 3], 'p.bias': [3], 'c.weight': [3, 2], 'c.bias': [2],
    });
    const { nullity, span, families } = await audit(model, await images(model, 3), 'mse');
    // Scales and constants before the norm; two blocks of two channels behind it, and two of copies.
    expect({ nullity, span }).toEqual({ nullity: 4 + 4 + 2 * 4 + 2 * 4, span: 24 });
    expect(families.get('mixing of linear channels')).toBe(4 + 4);
  });

  it('batch norms without a scale, and without a shift behind a bias', async () => {
    const graph = graphOf(image(2, 4), [
      conv('a', 2), ['n', { ...norm('n'), scale: null }], ['r', relu], conv('b', 2), ['m', { ...norm('m'), shift: null }], ['s', relu],
      ['mean', { kind: 'global-average-pool' }], ['c', dense('c')],
    ]);
    const [{ 'n.weight': _scale, ...n }, { 'm.bias': _shift, ...m }] = [bn('n', 2), bn('m', 3)];
    const model = modelOfGraph(graph, { 'a.weight': [8, 2], 'a.bias': [2], ...n, 'b.weight': [8, 3], 'b.bias': [3], ...m, 'c.weight': [3, 3], 'c.bias': [3] });
    // Through the first norm a scale, and a constant against it; a scale before the second and one behind it.
    expect(await audit(model, await images(model, 3), 'mse')).toMatchObject({ nullity: 2 + 2 + 3 + 3, span: 10 });
  });

  it('products: each factor may grow against the other and what reads them, one that tanh made may not', async () => {
    const graph = graphOf({ kind: 'vector', width: 5 }, [
      ['a', dense('a')], ['r', relu], ['u', dense('u')], ['v', dense('v'), 'r'], ['m', { kind: 'multiply' }, 'u', 'v'],
      ['w', dense('w'), 'r'], ['t', tanh], ['gated', { kind: 'multiply' }, 'm', 't'], ['square', { kind: 'multiply' }, 'gated', 'gated'], ['c', dense('c')],
      ['q', tanh], ['o', dense('o')],
    ]);
    const three = (name: string) => ({ [`${name}.weight`]: [4, 3], [`${name}.bias`]: [3] });
    const model = modelOfGraph(graph, { 'a.weight': [5, 4], 'a.bias': [4], ...three('u'), ...three('v'), ...three('w'), 'c.weight': [3, 4], 'c.bias': [4], ...three('o') });
    const { nullity, span, families } = await audit(model, await images(model, 3), 'mse');
    expect({ nullity, span }).toEqual({ nullity: 4 + 3 + 3, span: 10 });
    expect(families.get('scale of factors of a product')).toBe(6);
  });

  it('a constant of a channel that is read twice, once with another added', async () => {
    const graph = graphOf(image(2, 4), [
      conv('a', 2), ['r', relu], conv('d', 3, { padding: 1, groups: 3 }), ['f', tanh], conv('e', 1), ['sum', { kind: 'add' }, 'e', 'r'], ['join', { kind: 'concat' }, 'r', 'sum'],
      ['mean', { kind: 'global-average-pool' }], ['c', dense('c')], ['t', tanh], ['o', dense('o')],
    ]);
    const model = modelOfGraph(graph, {
      'a.weight': [8, 3], 'a.bias': [3], 'd.weight': [9, 3], 'd.bias': [3], 'e.weight': [3, 3], 'e.bias': [3], 'c.weight': [6, 4], 'c.bias': [4], 'o.weight': [4, 2], 'o.bias': [2],
    });
    const { families } = await audit(model, await images(model, 3), 'mse');
    expect(families.get('constant against what reads it')).toBe(3);
  });

  it.each([
    ['read beside it', ['d', 'r']],
    ['added and read again', ['sum', 'r']],
    ['added twice, and read with it', ['more', 'd']],
  ] as const)('a skip and a depthwise convolution of it, %s', async (_name, joined) => {
    const graph = graphOf(image(2, 4), [
      conv('a', 2), ['r', relu], conv('d', 3, { padding: 1, groups: 3, bias: false }), ['sum', { kind: 'add' }, 'd', 'r'], ['more', { kind: 'add' }, 'd', 'd', 'r'],
      ['join', { kind: 'concat' }, ...joined], ['pool', { kind: 'average-pool', countPadding: true, kernel: [2, 2], stride: [1, 1], padding: [0, 0, 0, 0] }],
      conv('c', 1), ['t', tanh], ['flat', { kind: 'flatten', order: 'chw' }], ['o', dense('o')],
    ]);
    const used = { ...graph, nodes: graph.nodes.filter(({ name }) => (name !== 'more' && name !== 'sum') || (joined as readonly string[]).includes(name)) };
    const model = modelOfGraph(used, { 'a.weight': [8, 3], 'a.bias': [3], 'd.weight': [9, 3], 'c.weight': [3 * joined.length, 3], 'c.bias': [3], 'o.weight': [12, 4], 'o.bias': [4] });
    const { nullity, span } = await audit(model, await images(model, 4), 'mse');
    // A scale of each channel of r and of d, and what d has of r.
    expect({ nullity, span }).toEqual({ nullity: 3 + 3 + 3, span: 9 });
  });

  it.each([
    ['more than what reads them', 5, 4, 2, 'mse', 2 * 5 + 2],
    ['more than what writes them', 2, 4, 5, 'mse', 2 * 5 + 5],
    ['more than the differences of the logits', 5, 4, 3, 'ce', 5 * 2 + 2],
    ['as many as the logits', 5, 3, 3, 'ce', 5 * 2 + 2],
  ] as const)('linear channels, %s: all but the product of both maps', async (_name, inputs, width, outputs, loss, seen) => {
    const bias = inputs > width;
    const graph = graphOf({ kind: 'vector', width: inputs }, [['a', { kind: 'dense', weight: 'a.weight', bias: bias ? 'a.bias' : null }], ['b', dense('b')], ...(loss === 'mse' ? ([['t', tanh]] as const) : [])]);
    const model = modelOfGraph(graph, { 'a.weight': [inputs, width], ...(bias ? { 'a.bias': [width] } : {}), 'b.weight': [width, outputs], 'b.bias': [outputs] });
    const nullity = (bias ? inputs + 1 : inputs) * width + (width + 1) * outputs - seen;
    expect(await audit(model, await images(model, 4), loss)).toMatchObject({ nullity, span: nullity });
  });
});
