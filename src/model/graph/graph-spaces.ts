/** Hidden spaces of a graph, and the scales and bases of its channels that are free. */
import { deviation } from '../symmetries/batch-norm';
import { HOMOGENEOUS, linearSpace, type HiddenSpace } from '../symmetries/spaces';
import { DirectionBuilder, type Port, type Symmetry } from '../symmetries/symmetry';
import type { ChannelGroup, Touch } from './channels';
import type { Operator } from './graph';
import { readerPort, writerPorts } from './graph-ports';
import type { ParameterShapes } from './shapes';

type BatchNorm = Extract<Operator, { kind: 'batch-norm' }>;

/** A batch norm that reads channels; places of its parameters by coordinate. */
interface NormReader {
  readonly norm: BatchNorm;
  readonly entries: readonly Int32Array[];
}

/** Spaces that linear maps read; behind a batch norm, what its scale and shift write. */
export function graphSpaces(groups: readonly ChannelGroup[], parameters: ParameterShapes): HiddenSpace[] {
  return groups.flatMap((group) => {
    const space = spaceOf(group, parameters);
    return space && (space.activation !== 'linear' || isLinear(group)) ? [space] : [];
  });
}

/** What a group is free in: any basis where it is linear, a scale of each channel where all that it passes commutes with scales. */
export function groupSymmetries(group: ChannelGroup, parameters: ParameterShapes): Symmetry[] {
  if (group.pinned || [...group.functions].some((f) => !HOMOGENEOUS.has(f))) return [];
  const space = spaceOf(group, parameters);
  if (space && isLinear(group)) return [linearSpace(space)];
  const norms: NormReader[] = [];
  const ports: Port[] = [];
  for (const touch of group.readers) {
    const { operator } = touch.node;
    const port = readerPort(touch, parameters);
    if (port) ports.push(port);
    else if (operator.kind === 'batch-norm' && operator.scale !== null && operator.shift !== null) norms.push({ norm: operator, entries: touch.entries });
    else return [];
  }
  const writers = group.writers.flatMap((touch) => writerPorts(touch, parameters));
  // A norm without a scale, behind which nothing can grow.
  if (group.writers.length === 0 || group.writers.some((touch) => !scales(touch))) return [];
  return [scaleSymmetry(nameOf(group), group, writers, ports, norms)];
}

/** Channels of writers, any of which may grow: readers shrink, and the constant that a batch norm takes off grows back in its shift. */
function scaleSymmetry(family: string, { width, writers: [first] }: ChannelGroup, writers: readonly Port[], readers: readonly Port[], norms: readonly NormReader[]): Symmetry {
  return {
    family,
    layer: first!.node.name,
    dimension: width,
    *generators(parameters) {
      for (let i = 0; i < width; i++) {
        const direction = new DirectionBuilder(parameters);
        for (const port of writers) direction.addLine(port, i, i, 1);
        for (const port of readers) direction.addLine(port, i, i, -1);
        for (const { norm, entries } of norms) {
          const at = (name: string) => parameters.get(name)!.values;
          for (const c of entries[i]!) {
            const gamma = at(norm.scale!)[c]!;
            direction.addValues({ name: norm.scale!, axis: 0 }, c, [-gamma]);
            direction.addValues({ name: norm.shift!, axis: 0 }, c, [(-gamma * at(norm.mean)[c]!) / deviation(norm, parameters, c)]);
          }
        }
        yield direction.vector;
      }
    },
  };
}

/** The group between its writers and the linear maps that read it; null where something else reads it, or it has two sides of different kinds. */
function spaceOf(group: ChannelGroup, parameters: ParameterShapes): HiddenSpace | null {
  if (group.pinned || group.writers.length === 0 || group.readers.length === 0) return null;
  const readers = group.readers.flatMap((touch) => readerPort(touch, parameters) ?? []);
  if (readers.length < group.readers.length) return null;
  const generic = [...group.functions].find((f) => !HOMOGENEOUS.has(f));
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
function isLinear({ functions, writers, readers, pinned }: ChannelGroup): boolean {
  const whole = ({ node: { operator } }: Touch) => operator.kind === 'dense' || operator.kind === 'embedding' || (operator.kind === 'conv' && operator.groups === 1);
  return !pinned && functions.size === 0 && [...writers, ...readers].every(whole) && writers.every(({ entries }) => entries.every(({ length }) => length === 1));
}

function isDense({ node }: Touch): boolean {
  return node.operator.kind === 'dense';
}

function scales({ node: { operator } }: Touch): boolean {
  return operator.kind === 'batch-norm' || operator.kind === 'norm' ? operator.scale !== null : operator.kind !== 'multiply';
}

function nameOf({ functions, readers }: ChannelGroup): string {
  const curved = [...functions].find((f) => f !== 'max-pool') ?? [...functions][0];
  if (curved !== undefined) return `rescaling of ${curved} units`;
  return readers.every(({ node }) => node.operator.kind === 'batch-norm') ? 'scale of batch-norm channels' : 'scale of channels';
}
