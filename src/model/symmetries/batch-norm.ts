/**
 * Batch norm in evaluation mode behind a dense layer, z = gamma (W x + b - mean) / deviation + beta with fixed statistics: an affine map whose
 * factors and constants can be traded for those of the layer, channel by channel.
 */
import { DirectionBuilder, type Direction, type Parameters, type Port, type Symmetry } from './symmetry';

export interface BatchNormSite {
  readonly layer: string;
  readonly width: number;
  readonly weight: Port;
  readonly bias: string | null;
  readonly scale: string;
  readonly shift: string | null;
  /** The running statistics. */
  readonly mean: string;
  readonly variance: string;
  /** Added to the variance. */
  readonly epsilon: number;
}

export function batchNormSymmetries(site: BatchNormSite): Symmetry[] {
  const { layer, width, bias, shift } = site;
  const found: Symmetry[] = [];
  // The mean does not scale with the weights: a constant has to take that up.
  if (bias !== null || shift !== null) found.push({ family: 'scale of batch-norm channels', layer, dimension: width, generators: (p) => scales(site, p) });
  if (bias !== null && shift !== null) found.push({ family: 'shift of batch-norm channels', layer, dimension: width, generators: (p) => shifts(site, bias, shift, p) });
  return found;
}

/** W_c -> s W_c, gamma_c -> gamma_c / s, and what that does to the constant is taken off. */
function* scales(site: BatchNormSite, parameters: Parameters): Iterable<Direction> {
  const { width, weight, bias, scale, shift, mean } = site;
  const [gamma, centre] = [parameters.get(scale)!.values, parameters.get(mean)!.values];
  const constants = bias === null ? null : parameters.get(bias)!.values;
  for (let c = 0; c < width; c++) {
    const direction = new DirectionBuilder(parameters);
    direction.addLine(weight, c, c, 1);
    direction.addLine({ name: scale, axis: 0 }, c, c, -1);
    const offset = (constants?.[c] ?? 0) - centre[c]!;
    if (shift !== null) direction.addValues({ name: shift, axis: 0 }, c, [(gamma[c]! * offset) / deviation(site, parameters, c)]);
    else direction.addValues({ name: bias!, axis: 0 }, c, [offset]);
    yield direction.vector;
  }
}

function* shifts(site: BatchNormSite, bias: string, shift: string, parameters: Parameters): Iterable<Direction> {
  const gamma = parameters.get(site.scale)!.values;
  for (let c = 0; c < site.width; c++) {
    const direction = new DirectionBuilder(parameters);
    direction.addValues({ name: bias, axis: 0 }, c, [1]);
    direction.addValues({ name: shift, axis: 0 }, c, [-gamma[c]! / deviation(site, parameters, c)]);
    yield direction.vector;
  }
}

/** sqrt(variance + epsilon) of channel c. */
export function deviation({ variance, epsilon }: Pick<BatchNormSite, 'variance' | 'epsilon'>, parameters: Parameters, c: number): number {
  return Math.sqrt(parameters.get(variance)!.values[c]! + epsilon);
}
