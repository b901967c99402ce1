/** Symmetries of a chain of dense layers with norms between them. */
import { logitShift } from './constants';
import { normSymmetries, type NormSite } from './norms';
import { spaceSymmetries, type HiddenSpace } from './spaces';
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

export function mlpSymmetries(stages: readonly Stage[], epsilon: number): Symmetry[] {
  const found = mlpSpaces(stages).flatMap(spaceSymmetries);
  for (const [i, stage] of stages.entries()) {
    const next = stages[i + 1];
    if (!next) {
      if (stage.norms.length === 0) found.push(logitShift(stage.name, { name: stage.weight, axis: 1 }, stage.inputs, stage.bias));
      continue;
    }
    const [norm] = stage.norms;
    // Batch norm in evaluation mode is a fixed affine map, whose statistics do not move.
    if (!norm || stage.norms.length > 1 || norm.kind === 'batch-norm') continue;
    const reader = { layer: next.name, weight: next.weight, inputAxis: 1 as const, outputs: next.outputs, bias: next.bias };
    const site: NormSite = { layer: stage.name, width: stage.outputs, readers: [reader], kind: norm.kind, scale: norm.scale, shift: norm.shift };
    const linear = stage.activation === 'linear';
    found.push(...normedStream(stage.name, stage.outputs, writersOf(stage), [site], epsilon, linear));
    if (linear) found.push(...normSymmetries(site));
  }
  return found;
}

/** The space behind every layer but the last; behind a norm, what its scale and shift write. */
export function mlpSpaces(stages: readonly Stage[]): HiddenSpace[] {
  return stages.slice(0, -1).flatMap((stage, i) => {
    const [norm, ...more] = stage.norms;
    if (more.length > 0 || norm?.kind === 'batch-norm' || (norm && stage.activation === 'linear')) return [];
    const affine = norm && [norm.scale, ...(norm.shift === null ? [] : [norm.shift])].map((name): Port => ({ name, axis: 0 }));
    return {
      name: stage.activation === 'linear' ? 'a linear layer' : 'units',
      layer: stage.name,
      width: stage.outputs,
      writers: affine ?? writersOf(stage),
      readers: [{ name: stages[i + 1]!.weight, axis: 1 }],
      activation: stage.activation,
    };
  });
}

function writersOf({ weight, bias, inputs }: Stage): Writer[] {
  return [{ name: weight, axis: 0, lines: inputs }, ...(bias === null ? [] : [{ name: bias, axis: 0, lines: 1 }])];
}
