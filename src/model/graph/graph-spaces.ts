/** Hidden spaces of a graph, and those of them in any basis. */
import { isHomogeneous } from '../layers/activations';
import { linearSpace, type HiddenSpace } from '../symmetries/spaces';
import type { Symmetry } from '../symmetries/symmetry';
import type { ChannelGroup, Touch } from './channels';
import { readerPort, writerPorts } from './graph-ports';
import type { ParameterShapes } from './shapes';

/** Spaces that linear maps read; behind a batch norm, what its scale and shift write. */
export function graphSpaces(groups: readonly ChannelGroup[], parameters: ParameterShapes): HiddenSpace[] {
  return groups.flatMap((group) => {
    const space = spaceOf(group, parameters);
    return space && (space.activation !== 'linear' || isLinear(group)) ? [space] : [];
  });
}

/** Any basis of the channels that whole linear maps alone write and read. */
export function basisSymmetries(group: ChannelGroup, parameters: ParameterShapes): Symmetry[] {
  const space = isLinear(group) ? spaceOf(group, parameters) : null;
  return space ? [linearSpace(space)] : [];
}

/** The group between its writers and the linear maps that read it; null where something else reads it, or it has two sides of different kinds. */
function spaceOf(group: ChannelGroup, parameters: ParameterShapes): HiddenSpace | null {
  if (group.pinned || group.writers.length === 0 || group.readers.length === 0) return null;
  if (group.writers.some(({ node }) => node.operator.kind === 'multiply')) return null;
  const readers = group.readers.flatMap((touch) => readerPort(touch, parameters) ?? []);
  if (readers.length < group.readers.length) return null;
  const generic = [...group.functions].find((f) => !isHomogeneous(f));
  const activation = generic ?? [...group.functions].find((f) => f !== 'max-pool') ?? [...group.functions][0] ?? 'linear';
  return {
    name: activation === 'linear' ? 'linear channels' : group.writers.every(isDense) ? 'units' : 'channels',
    layer: group.writers[0]!.node.name,
    width: group.width,
    writers: group.writers.flatMap((touch) => writerPorts(touch, parameters)),
    readers,
    activation,
  };
}

/** Whether channels may be mixed: linear maps alone write and read them, each of them whole. */
export function isLinear({ functions, writers, readers, pinned }: ChannelGroup): boolean {
  const whole = ({ node: { operator } }: Touch) => operator.kind === 'dense' || operator.kind === 'embedding' || (operator.kind === 'conv' && operator.groups === 1);
  return !pinned && functions.size === 0 && [...writers, ...readers].every(whole) && writers.every(({ entries }) => entries.every(({ length }) => length === 1));
}

function isDense({ node }: Touch): boolean {
  return node.operator.kind === 'dense';
}
