/** Symmetries of a chain of dense layers with norms between them. */
import { batchNormSymmetries } from './batch-norm';
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
  readonly norms: readonly {
    kind: 'batch-norm' | 'layer-norm' | 'rms-norm';
    scale: string;
    shift: string | null;
    /** Of a batch norm. */
    statistics: { mean: string; variance: string } | null;
  }[];
  readonly activation: string;
}

export function mlpSymmetries(stages: readonly Stage[], epsilon: number): Symmetry[] {
  const last = stages.at(-1)!;
  return [
    ...mlpSpaces(stages).flatMap(spaceSymmetries),
    ...sites(stages).flatMap(({ stage, site, linear }) => [
      ...normedStream(stage.name, stage.outputs, writersOf(stage), [site], epsilon, { linear }),
      ...(linear ? normSymmetries(site) : []),
    ]),
    ...stages.flatMap((stage) => batchNorm(stage, epsilon)),
    ...(last.norms.length === 0 ? [logitShift(last.name, { name: last.weight, axis: 1 }, last.inputs, last.bias)] : []),
  ];
}

/** Of a dense layer with one batch norm behind it. */
function batchNorm({ name, weight, bias, outputs, norms }: Stage, epsilon: number): Symmetry[] {
  const [norm, ...more] = norms;
  if (!norm?.statistics || more.length > 0) return [];
  return batchNormSymmetries({ layer: name, width: outputs, weight: { name: weight, axis: 0 }, bias, scale: norm.scale, shift: norm.shift, ...norm.statistics, epsilon });
}

/** Norms whose output the next layer reads as it is. */
export function mlpNorms(stages: readonly Stage[]): NormSite[] {
  return sites(stages).flatMap(({ site, linear }) => (linear ? [site] : []));
}

/** Those before a nonlinearity too, which no linear map reads. */
export function mlpNormLayers(stages: readonly Stage[]): NormSite[] {
  return sites(stages).map(({ site, linear }) => (linear ? site : { ...site, readers: [] }));
}

function sites(stages: readonly Stage[]): { stage: Stage; site: NormSite; linear: boolean }[] {
  return stages.slice(0, -1).flatMap((stage, i) => {
    const next = stages[i + 1]!;
    const [norm] = stage.norms;
    // Batch norm in evaluation mode is a fixed affine map, whose statistics do not move.
    if (!norm || stage.norms.length > 1 || norm.kind === 'batch-norm') return [];
    const reader = { layer: next.name, weight: next.weight, inputAxis: 1 as const, outputs: next.outputs, bias: next.bias };
    const site = { layer: stage.name, width: stage.outputs, readers: [reader], kind: norm.kind, scale: norm.scale, shift: norm.shift };
    return [{ stage, site, linear: stage.activation === 'linear' }];
  });
}

/** The space behind every layer but the last; behind a norm, what its scale and shift write. */
export function mlpSpaces(stages: readonly Stage[]): HiddenSpace[] {
  return stages.slice(0, -1).flatMap((stage, i) => {
    const [norm, ...more] = stage.norms;
    if (more.length > 0 || (norm && stage.activation === 'linear')) return [];
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
