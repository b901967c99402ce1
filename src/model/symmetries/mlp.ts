/** Symmetries of a chain of dense layers with norms between them. */
import { logitShift } from './constants';
import { normSymmetries, type NormSite } from './norms';
import { linearSpace, unitScales } from './spaces';
import { normedStream, type Writer } from './streams';
import type { Port, Symmetry } from './symmetry';

/** A dense layer y = W x + b, W [outputs, inputs], what follows it, and its nonlinearity. */
export interface Stage {
  readonly name: string;
  readonly weight: string;
  readonly bias: string | null;
  readonly inputs: number;
  readonly outputs: number;
  readonly norms: readonly { kind: 'batch-norm' | 'layer-norm' | 'rms-norm'; scale: string; shift: string | null }[];
  readonly activation: string;
}

/** Functions f with f(s x) = s f(x) for s > 0. */
const HOMOGENEOUS: ReadonlySet<string> = new Set(['relu', 'leaky_relu']);

export function mlpSymmetries(stages: readonly Stage[], epsilon: number): Symmetry[] {
  const found: Symmetry[] = [];
  for (const [i, stage] of stages.entries()) {
    const next = stages[i + 1];
    const writers: Writer[] = [{ name: stage.weight, axis: 0, lines: stage.inputs }];
    if (stage.bias !== null) writers.push({ name: stage.bias, axis: 0, lines: 1 });
    if (!next) {
      if (stage.norms.length === 0) found.push(logitShift(stage.name, { name: stage.weight, axis: 1 }, stage.inputs, stage.bias));
      continue;
    }
    const readers: Port[] = [{ name: next.weight, axis: 1 }];
    const space = (family: string, from: readonly Port[]) => ({ family, layer: stage.name, width: stage.outputs, writers: from, readers });
    const [norm, ...more] = stage.norms;
    // Two norms in a row do not happen; batch norm in evaluation mode is a fixed affine map, whose statistics do not move.
    if (more.length > 0 || norm?.kind === 'batch-norm') continue;
    if (norm) {
      const { kind, scale, shift } = norm as { kind: NormSite['kind']; scale: string; shift: string | null };
      const linear = stage.activation === 'linear';
      const reader = { layer: next.name, weight: next.weight, inputAxis: 1 as const, outputs: next.outputs, bias: next.bias };
      const site: NormSite = { layer: stage.name, kind, width: stage.outputs, scale, shift, readers: [reader] };
      const affine: Port[] = [scale, ...(shift === null ? [] : [shift])].map((name) => ({ name, axis: 0 }));
      found.push(...normedStream(stage.name, stage.outputs, writers, [site], epsilon, linear));
      if (linear) found.push(...normSymmetries(site));
      else if (HOMOGENEOUS.has(stage.activation)) found.push(unitScales(space(`rescaling of ${stage.activation} units`, affine)));
      continue;
    }
    if (stage.activation === 'linear') found.push(linearSpace(space('basis of a linear layer', writers)));
    else if (HOMOGENEOUS.has(stage.activation)) found.push(unitScales(space(`rescaling of ${stage.activation} units`, writers)));
  }
  return found;
}
