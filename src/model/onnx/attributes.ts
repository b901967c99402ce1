/** Attributes of ONNX nodes, as the kinds that their operators define. */
import type { OnnxNode } from '../../checkpoint/program';
import { unsupported } from './values';

/** A number or a text, `usual` where it is not written. */
export function attribute<T extends number | string>(node: OnnxNode, name: string, usual: T): T extends number ? number : string {
  const value = node.attributes.get(name) ?? usual;
  if (typeof value !== typeof usual) throw unsupported(node, `has an attribute '${name}' of the wrong kind`);
  return value as T extends number ? number : string;
}

/** A list of numbers; null where it is not written. */
export function listAttribute(node: OnnxNode, name: string, length: number | null = null): readonly number[] | null {
  const value = node.attributes.get(name);
  if (value === undefined) return null;
  if (!Array.isArray(value) || !value.every((x) => typeof x === 'number')) throw unsupported(node, `has an attribute '${name}' of the wrong kind`);
  if (length !== null && value.length !== length) throw unsupported(node, `has ${value.length} numbers in '${name}'; ${length} were expected: only images of two dimensions are computed here`);
  return value;
}

/** Axes counted from the end where they are negative, the batch being axis 0. */
export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
