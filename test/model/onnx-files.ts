/** The networks of test/fixtures/make_onnx.py: files, the name of their inputs and logits, and their layers. */
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
