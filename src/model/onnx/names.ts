/** Names by which a person recognises the layers of an exported graph. */
import type { OnnxNode } from '../../checkpoint/program';

const PARAMETER = /^(.+)[./](weight|bias|kernel|gamma|beta|scale|running_mean|W|B)$/;

/**
 * The module that a node was: 'layer1.0.conv1' from its weight 'layer1.0.conv1.weight', or from its path '/layer1/layer1.0/conv1/Conv' where
 * the exporter renamed the weight ('onnx::Conv_45'); else the node's own name.
 * @param tensors names of its parameters, the most telling first
 */
export function layerName({ name, op, outputs }: OnnxNode, tensors: readonly string[] = []): string {
  for (const tensor of tensors) {
    const prefix = /^onnx::/.test(tensor) ? undefined : PARAMETER.exec(tensor)?.[1];
    if (prefix !== undefined) return prefix.replaceAll('/', '.');
  }
  const path = name.split('/').filter((part) => part !== '');
  // A module's name stands in front of that of what it holds: 'layer1' in front of 'layer1.0'.
  const scopes = path.slice(0, -1).filter((scope, i) => i === path.length - 2 || !path[i + 1]!.startsWith(`${scope}.`));
  if (scopes.length > 0) return scopes.join('.');
  return path[0] ?? (outputs[0] || op);
}
