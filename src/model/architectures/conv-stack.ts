/**
 * Plain stacks of convolutions, batch norms and dense layers under the names of nn.Sequential or of a module's attributes (conv1, bn1, fc1). What
 * stands between them is in no state dict: gaps of a Sequential tell where there is room, and the inputs of the first dense layer what has to fit.
 */
import type { Checkpoint } from '../../checkpoint/types';
import { ACTIVATION, decide, plainQuestion, type Question } from '../choices';
import { chainOf, type Chain, type ChainDense } from '../graph/conv-chain';
import { fits, fittings, joints, type Fitting, type PoolPlaces } from '../graph/conv-fit';
import { recogniseGraph } from '../graph/graph-model';
import { isCounter, square, TorchGraph } from '../graph/torch-graph';
import { imageSize } from '../image-size';
import { Layout } from '../layout';
import type { Architecture, Choices, ModelChoice, Recognition } from '../types';

export const convStack: Architecture = { key: 'conv-stack', title: 'stack of convolutions', recognise };

const PADDING = plainQuestion('padding', ['same', 'valid'], ['padding']);
const STRIDE = plainQuestion('stride', ['1', '2', '4'], ['stride']);
const PLACES = plainQuestion('pool-after', ['each', 'all but the last', 'the last', 'none'], ['pool_after']);
const POOL = plainQuestion('pool', ['max', 'average'], ['pool', 'pooling']);

async function recognise(checkpoint: Checkpoint, choices: Choices): Promise<Recognition> {
  const chain = chainOf(checkpoint);
  if (typeof chain === 'string') return { missing: chain, matched: 0 };

  const size = imageSize(choices['input-size']);
  const fixed = await given(checkpoint, choices, size);
  const found = fittings(chain, fixed);
  if (typeof found === 'string') return { missing: found, matched: 0.75 };
  const first = found[0]!;
  const image = `${first.size} x ${first.size} pixels`;
  const why = chain.dense.length === 0 ? 'and no dense layer tells it' : `with which images of ${image} give the ${chain.dense[0]!.inputs} inputs of '${chain.dense[0]!.prefix}'`;
  const assume = (question: Question, value: string, what: string): Promise<ModelChoice> =>
    decide(checkpoint, choices, question, () => ({ value, evidence: `a state dict does not say ${what}: ${value} is assumed, ${why}` }));
  const usesPools = fits(chain, first).some(({ pool }) => pool);
  const made: ModelChoice[] = [
    await assume(size, String(first.size), 'how large the images are'),
    await assume(PADDING, first.padding, 'how convolutions are padded'),
    await assume(STRIDE, String(first.stride), 'how far windows move'),
    await assume(PLACES, first.places, `after which convolutions a pool of 2 x 2 stands, where there is room for one (${joints(chain).filter(({ room }) => room).length} places)`),
    ...(usesPools ? [await assume(POOL, 'max', 'which pool it is')] : []),
    await decide(checkpoint, choices, ACTIVATION, () => ({ value: 'relu', evidence: 'a state dict does not record which activations stand between the layers: ReLU is assumed' })),
  ];
  const value = (key: string) => made.find((choice) => choice.key === key)?.value;

  const layout = new Layout(checkpoint);
  const graph = build(chain, layout, first, value('activation')!, value('pool') === 'average');
  if (layout.problem) return { missing: layout.problem, matched: 0.75 };
  const widths = [...chain.convolutions, ...chain.dense].map(({ outputs }) => outputs);
  return recogniseGraph(checkpoint, 0.75, {
    architecture: 'conv-stack',
    title: `Convolutions ${[chain.channels, ...widths].join(' → ')}, ${first.size} x ${first.size} pixels, ${value('activation')}`,
    evidence: [
      `${chain.convolutions.length} convolutions and ${chain.dense.length} dense layers whose channels chain`,
      ...(chain.norms > 0 ? [`${chain.norms} batch norms, in evaluation mode`] : []),
      ...(chain.dense.length > 0 && chain.dense[0]!.inputs === chain.convolutions.at(-1)!.outputs ? [`'${chain.dense[0]!.prefix}' takes as many inputs as there are channels: the mean over the pixels`] : []),
    ],
    transforms: ['convolutions [out, in, kh, kw] are read as matrices [kh · kw · in, out]', 'matrices [out, in] are read transposed'],
    choices: made,
    graph: { input: { kind: 'image', channels: chain.channels, height: first.size, width: first.size, order: 'chw' }, nodes: graph.nodes },
    sources: layout.sources,
    defaultLoss: chain.dense.length > 0 ? 'ce' : 'mse',
    buffer: isCounter,
  });
}

/** What is chosen or recorded; null where it is neither. */
async function given(checkpoint: Checkpoint, choices: Choices, size: Question): Promise<Partial<Fitting>> {
  const known = async (question: Question) => {
    const { value, assumed } = await decide(checkpoint, choices, question, () => ({ value: '', evidence: '' }));
    return assumed ? undefined : value;
  };
  const [side, padding, stride, places] = [await known(size), await known(PADDING), await known(STRIDE), await known(PLACES)];
  return {
    ...(side !== undefined && { size: Number(side) }),
    ...(padding !== undefined && { padding: padding as Fitting['padding'] }),
    ...(stride !== undefined && { stride: Number(stride) }),
    ...(places !== undefined && { places: places as PoolPlaces }),
  };
}

function build(chain: Chain, layout: Layout, fitting: Fitting, activation: string, average: boolean): TorchGraph {
  const graph = new TorchGraph(layout);
  const { convolutions, dense } = chain;
  const placed = fits(chain, fitting);
  let channels = chain.channels;
  const behind = ({ prefix, norms, activeFirst }: Pick<ChainDense, 'prefix' | 'norms' | 'activeFirst'>, width: number, active: boolean) => {
    const activate = () => graph.add(`${prefix}.activation`, { kind: 'activation', activation });
    if (active && activeFirst) activate();
    for (const norm of norms) graph.batchNorm(norm, width);
    if (active && !activeFirst) activate();
  };
  convolutions.forEach((convolution, i) => {
    const { prefix, window } = convolution;
    const { stride, padding } = window(fitting);
    channels = graph.convolution(prefix, channels, stride, padding);
    const { active, pool } = placed[i]!;
    behind(convolution, channels, active);
    if (pool) graph.add(`${prefix}.pool`, average ? { kind: 'average-pool', countPadding: true, ...square(2, 2) } : { kind: 'max-pool', ...square(2, 2) });
  });
  dense.forEach((map, i) => {
    const { prefix, inputs, active } = map;
    if (i === 0) graph.add('flatten', inputs === channels ? { kind: 'global-average-pool' } : { kind: 'flatten', order: 'chw' });
    behind(map, graph.dense(prefix, inputs), active);
  });
  return graph;
}
