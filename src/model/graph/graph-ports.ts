/** Where the channels of a group lie among the parameters of the nodes that write and read them. */
import type { Port } from '../symmetries/symmetry';
import type { Touch } from './channels';
import type { ParameterShapes } from './shapes';

/** Weights by their output, and biases; scale and shift of a norm; the columns of a table. */
export function writerPorts({ node: { operator }, entries }: Touch, parameters: ParameterShapes): Port[] {
  const vectors = (names: readonly (string | null)[]) => names.flatMap((name) => (name === null ? [] : [{ name, axis: 0, places: (i: number) => entries[i]! }]));
  const columns = (name: string): Port => {
    const [rows, width] = parameters(name) as [number, number];
    return { name, axis: 1, places: (i) => lines(entries[i]!, rows, (k, r) => r * width + k) };
  };
  switch (operator.kind) {
    case 'dense':
    case 'conv':
      return [columns(operator.weight), ...vectors([operator.bias])];
    case 'embedding':
      return [columns(operator.table)];
    case 'batch-norm':
    case 'norm':
      return vectors([operator.scale, operator.shift]);
    default:
      return [];
  }
}

/** Weights by their input; null where it is no linear map that reads. */
export function readerPort({ node: { operator }, entries }: Touch, parameters: ParameterShapes): Port | null {
  if (operator.kind !== 'dense' && operator.kind !== 'conv') return null;
  const { weight } = operator;
  const [rows, width] = parameters(weight) as [number, number];
  if (operator.kind === 'dense') return { name: weight, axis: 0, places: (i) => lines(entries[i]!, width, (j, k) => j * width + k) };
  const { groups, kernel } = operator;
  const places = kernel[0] * kernel[1];
  const own = rows / places;
  const made = width / groups;
  return {
    name: weight,
    axis: 0,
    places: (i) => lines(entries[i]!, places * made, (c, at) => (Math.floor(at / made) * own + (c % own)) * width + Math.floor(c / own) * made + (at % made)),
  };
}

function lines(entries: Int32Array, length: number, place: (entry: number, at: number) => number): Int32Array {
  return Int32Array.from({ length: entries.length * length }, (_, i) => place(entries[Math.floor(i / length)]!, i % length));
}
