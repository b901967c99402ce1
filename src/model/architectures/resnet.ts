/** ResNet as torchvision and timm name it: basic or bottleneck blocks by their convolutions, ResNeXt and wide ones by shapes (checkpoints.md §3). */
import type { Checkpoint } from '../../checkpoint/types';
import { decide, plainQuestion } from '../choices';
import { recogniseGraph } from '../graph/graph-model';
import { isCounter, square, TorchGraph } from '../graph/torch-graph';
import { imageSize } from '../image-size';
import { Layout, missingAnchors } from '../layout';
import type { Architecture, Choices, Recognition } from '../types';

export const resnet: Architecture = { key: 'resnet', title: 'ResNet (torchvision)', recognise };

const ANCHORS = ['conv1.weight', 'bn1.running_mean', 'layer1.0.conv1.weight', 'layer1.0.bn1.running_mean'];
const STEM = plainQuestion('stem', ['imagenet', 'cifar'], ['stem']);
const KNOWN = /^(conv1|bn1|fc|layer\d+\.\d+\.(conv[123]|bn[123]|downsample\.[01]))\.(weight|bias|running_mean|running_var|num_batches_tracked)$/;

async function recognise(checkpoint: Checkpoint, choices: Choices): Promise<Recognition> {
  const absent = missingAnchors(checkpoint, ANCHORS);
  if (absent) return absent;
  const strange = [...checkpoint.tensors.keys()].find((name) => !KNOWN.test(name));
  if (strange !== undefined) return { missing: `'${strange}' has no place in it`, matched: 0.9 };

  const layout = new Layout(checkpoint);
  const graph = new TorchGraph(layout);
  const { inputs: channels, height: kernel } = graph.convolutionShape('conv1');
  const stem = await decide(checkpoint, choices, STEM, () =>
    kernel >= 5
      ? { value: 'imagenet', evidence: `conv1 is ${kernel} x ${kernel}: stride 2 and a max-pool behind it are assumed, as in torchvision` }
      : { value: 'cifar', evidence: `conv1 is ${kernel} x ${kernel}: stride 1 and no pool behind it are assumed, as for small images` },
  );
  const usual = stem.value === 'imagenet' ? 224 : 32;
  const size = await decide(checkpoint, choices, imageSize(choices['input-size']), () => ({
    value: String(usual), evidence: `tensors do not say how large the images are: ${usual} x ${usual} pixels are assumed`,
  }));

  const half = (kernel - 1) >> 1;
  const stride = stem.value === 'imagenet' ? 2 : 1;
  let width = graph.convolution('conv1', channels, [stride, stride], [half, half]);
  graph.batchNorm('bn1', width);
  graph.add('relu', { kind: 'activation', activation: 'relu' });
  if (stem.value === 'imagenet') graph.add('maxpool', { kind: 'max-pool', ...square(3, 2, 1) });
  const blocks: number[] = [];
  for (let stage = 1; layout.has(`layer${stage}.0.conv1.weight`); stage++) {
    let i = 0;
    for (; layout.has(`layer${stage}.${i}.conv1.weight`); i++) width = block(layout, graph, `layer${stage}.${i}`, width, stage > 1 && i === 0);
    blocks.push(i);
  }
  graph.add('avgpool', { kind: 'global-average-pool' });
  const classes = layout.has('fc.weight') ? graph.dense('fc', width) : null;
  if (layout.problem) return { missing: layout.problem, matched: 0.9 };

  const kind = layout.has('layer1.0.conv3.weight') ? 'bottleneck' : 'basic';
  const side = Number(size.value);
  return recogniseGraph(checkpoint, 0.9, {
    architecture: 'resnet',
    title: `ResNet, ${blocks.join(' + ')} ${kind} blocks, ${channels} x ${side} x ${side} pixels${classes === null ? '' : `, ${classes} classes`}`,
    evidence: [
      `conv1, bn1 and layer1 to layer${blocks.length} have the shapes of a ResNet of ${kind} blocks`,
      'batch norms are in evaluation mode: affine maps by their running statistics',
      classes === null ? 'no fc: the output is the mean over the pixels' : 'fc reads the mean over the pixels',
    ],
    transforms: ['convolutions [out, in, kh, kw] are read as matrices [kh · kw · in, out]', 'matrices [out, in] are read transposed'],
    choices: [size, stem],
    graph: { input: { kind: 'image', channels, height: side, width: side, order: 'chw' }, nodes: graph.nodes },
    sources: layout.sources,
    defaultLoss: classes === null ? 'mse' : 'ce',
    buffer: isCounter,
  });
}

/**
 * Two or three convolutions, and a shortcut past them. The first block of a later stage halves the image in its 3 x 3 convolution, which is the
 * first of a basic block and the second of a bottleneck (torchvision's ResNet "V1.5"), and in its shortcut.
 */
function block(layout: Layout, graph: TorchGraph, prefix: string, channels: number, first: boolean): number {
  const entry = graph.at;
  const count = layout.has(`${prefix}.conv3.weight`) ? 3 : 2;
  const shortcut = layout.has(`${prefix}.downsample.0.weight`);
  let width = channels;
  for (let k = 1; k <= count; k++) {
    const { height } = graph.convolutionShape(`${prefix}.conv${k}`);
    const step = first && shortcut && k === count - 1 ? 2 : 1;
    const padding = (height - 1) >> 1;
    width = graph.convolution(`${prefix}.conv${k}`, width, [step, step], [padding, padding]);
    graph.batchNorm(`${prefix}.bn${k}`, width);
    if (k < count) graph.add(`${prefix}.relu${k}`, { kind: 'activation', activation: 'relu' });
  }
  const branch = graph.at;
  let past = entry;
  if (shortcut) {
    const step = first ? 2 : 1;
    graph.at = entry;
    const outputs = graph.convolution(`${prefix}.downsample.0`, channels, [step, step], [0, 0]);
    graph.batchNorm(`${prefix}.downsample.1`, outputs);
    past = graph.at;
  }
  graph.add(`${prefix}.add`, { kind: 'add' }, [branch, past]);
  graph.add(`${prefix}.relu`, { kind: 'activation', activation: 'relu' });
  return width;
}
