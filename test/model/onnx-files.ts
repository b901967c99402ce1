/** The networks of test/fixtures/make_onnx.py. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readProbeFile } from '../../src/analysis/probe-file';
import { openFiles } from '../../src/checkpoint/open';
import type { Checkpoint } from '../../src/checkpoint/types';
import { walkFiles } from '../../src/cli/file-source';
import type { Model } from '../../src/model/types';
import { probeFromFile } from '../../src/probe/file';
import type { Probe } from '../../src/probe/types';
import { ROOT } from '../analysis/run';

export const ONNX = join(ROOT, 'test/fixtures/onnx');

/** Files, and the name of their inputs and logits. */
export const ONNX_FILES = [
  { path: 'mlp.legacy.onnx', of: 'mlp', layers: ['fc1', 'fc2', 'head.0', 'head.2'] },
  { path: 'mlp.dynamo.onnx', of: 'mlp', layers: ['fc1', 'fc2', 'head.0', 'head.2'] },
  { path: 'biased.legacy.onnx', of: 'biased', layers: ['fc1', 'fc2'] },
  { path: 'biased.dynamo.onnx', of: 'biased', layers: ['fc1', 'fc2'] },
  { path: 'convolutional.legacy.onnx', of: 'convolutional', layers: ['conv1', 'layer1.0.conv1', 'layer1.0.conv2', 'layer1.0.downsample.0', 'conv2', 'fc'] },
  { path: 'convolutional.dynamo.onnx', of: 'convolutional', layers: ['conv1', 'layer1.0.conv1', 'layer1.0.conv2', 'layer1.0.downsample.0', 'conv2', 'fc'] },
  { path: 'external', of: 'convolutional', layers: ['conv1', 'layer1.0.conv1', 'layer1.0.conv2', 'layer1.0.downsample.0', 'conv2', 'fc'] },
  { path: 'flattened.legacy.onnx', of: 'flattened', layers: ['conv', 'side', 'fc1', 'fc2'] },
  { path: 'flattened.dynamo.onnx', of: 'flattened', layers: ['conv', 'side', 'fc1', 'fc2'] },
  { path: 'channels-last.onnx', of: 'channels-last', layers: ['model.conv2d', 'model.depthwise', 'model.dense', 'model.out'] },
] as const;

export async function onnxCheckpoint(path: string): Promise<Checkpoint> {
  const opened = await openFiles((await walkFiles([join(ONNX, path)])).files);
  if (opened.checkpoints.length !== 1 || opened.refusals.length > 0) throw new Error(opened.refusals.map((r) => r.message).join('; '));
  return opened.checkpoints[0]!;
}

export async function onnxProbe(name: string, model: Model): Promise<Probe> {
  const content = await readProbeFile(await onnxCheckpoint(`${name}.probe.npz`));
  return probeFromFile(content, { input: model.input, outputs: model.outputs, samples: null, positions: null, seed: 0 });
}

export function onnxLogits(name: string): readonly number[] {
  return (JSON.parse(readFileSync(join(ONNX, `${name}.json`), 'utf8')) as { logits: number[] }).logits;
}
