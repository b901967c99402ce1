/** Symmetries around LayerNorm and RMSNorm: y = gamma o normalised(x) + beta, where linear maps read y. */
import { DirectionBuilder, type Direction, type Parameters, type Port, type Symmetry } from './symmetry';

/** A matrix that reads the output of a norm. */
export interface Reader {
  readonly layer: string;
  readonly weight: string;
  /** The axis of its input; the other one is its output. */
  readonly inputAxis: 0 | 1;
  readonly outputs: number;
  readonly bias: string | null;
}

export interface NormSite {
  readonly layer: string;
  readonly kind: 'layer-norm' | 'rms-norm';
  readonly width: number;
  /** gamma and beta; null where the norm has none (folded into its readers). */
  readonly scale: string | null;
  readonly shift: string | null;
  readonly readers: readonly Reader[];
}

export const input = ({ weight, inputAxis }: Reader): Port => ({ name: weight, axis: inputAxis });
export const output = ({ weight, inputAxis }: Reader): Port => ({ name: weight, axis: 1 - inputAxis });
export const vector = (name: string): Port => ({ name, axis: 0 });

/** All symmetries of one norm and its readers. */
export function normSymmetries(site: NormSite): Symmetry[] {
  const { layer, width, scale, shift, readers } = site;
  const found = normKernels(site);
  if (scale !== null) found.push({ family: 'norm scale against its readers', layer, dimension: width, generators: (p) => scales(site, p) });
  if (shift !== null && readers.every((reader) => takesConstants(site, reader))) {
    found.push({ family: 'norm shift against the constants of its readers', layer, dimension: width, generators: (p) => shifts(site, shift, p) });
  }
  return found;
}

/** What each reader of a LayerNorm does not see, whatever else becomes of the output of the norm. */
export function normKernels(site: NormSite): Symmetry[] {
  return site.kind === 'layer-norm' ? site.readers.flatMap((reader) => kernel(site, reader) ?? []) : [];
}

/**
 * Whether a reader can add a constant to its output: by its bias; or, since gamma^-1 . y = gamma^-1 . beta is a constant after a LayerNorm
 * with a shift, by its weights.
 */
export function takesConstants({ kind, shift }: NormSite, reader: Reader): boolean {
  return reader.bias !== null || (kind === 'layer-norm' && shift !== null);
}

/** Adds a constant to output k of the reader. */
export function addConstant(direction: DirectionBuilder, site: NormSite, reader: Reader, k: number, constant: number): void {
  if (reader.bias !== null) return direction.addValues(vector(reader.bias), k, [constant]);
  const inverse = inverseScale(site, direction.parameters);
  const offset = offsetOf(site, inverse, direction.parameters);
  direction.addValues(output(reader), k, inverse.map((g) => (g * constant) / offset));
}

/** gamma^-1 . beta */
export function offsetOf({ shift }: NormSite, inverse: Float64Array, parameters: Parameters): number {
  const beta = shift === null ? null : parameters.get(shift)!.values;
  return beta ? inverse.reduce((total, g, j) => total + g * beta[j]!, 0) : 0;
}

/** sum_j (y_j - beta_j) / gamma_j = 0: a reader may add any multiple of 1 / gamma to each of its outputs, and takes beta / gamma off its bias. */
function kernel(site: NormSite, reader: Reader): Symmetry | null {
  if (site.shift !== null && reader.bias === null) return null;
  return {
    family: 'LayerNorm kernel',
    layer: reader.layer,
    dimension: reader.outputs,
    *generators(parameters: Parameters): Iterable<Direction> {
      for (let k = 0; k < reader.outputs; k++) yield alongInverseScale(site, reader, parameters, [k], [1]);
    },
  };
}

/** Outputs k of the reader gain a multiple of gamma^-1 each, and their biases lose what that makes of beta: flat after a LayerNorm. */
export function alongInverseScale(site: NormSite, reader: Reader, parameters: Parameters, outputs: readonly number[], multiples: ArrayLike<number>): Direction {
  const direction = new DirectionBuilder(parameters);
  const inverse = inverseScale(site, parameters);
  const offset = offsetOf(site, inverse, parameters);
  outputs.forEach((k, i) => {
    direction.addValues(output(reader), k, inverse.map((g) => g * multiples[i]!));
    if (reader.bias !== null) direction.addValues(vector(reader.bias), k, [-offset * multiples[i]!]);
  });
  return direction.vector;
}

/** gamma^-1 [width]; ones where the norm is folded. */
export function inverseScale({ scale, width }: NormSite, parameters: Parameters): Float64Array {
  const gamma = scale === null ? null : parameters.get(scale)!.values;
  return Float64Array.from({ length: width }, (_, j) => 1 / (gamma ? gamma[j]! : 1));
}

function* scales({ width, scale, shift, readers }: NormSite, parameters: Parameters): Iterable<Direction> {
  for (let j = 0; j < width; j++) {
    const direction = new DirectionBuilder(parameters);
    direction.addLine(vector(scale!), j, j, 1);
    if (shift !== null) direction.addLine(vector(shift), j, j, 1);
    for (const reader of readers) direction.addLine(input(reader), j, j, -1);
    yield direction.vector;
  }
}

function* shifts(site: NormSite, shift: string, parameters: Parameters): Iterable<Direction> {
  for (let j = 0; j < site.width; j++) {
    const direction = new DirectionBuilder(parameters);
    direction.addValues(vector(shift), j, [1]);
    for (const reader of site.readers) {
      for (const [k, weight] of column(direction, reader, j).entries()) addConstant(direction, site, reader, k, -weight);
    }
    yield direction.vector;
  }
}

/** The weights of input j of a reader [outputs]. */
export function column(direction: DirectionBuilder, { weight, inputAxis, outputs }: Reader, j: number): Float64Array {
  const { values, shape } = direction.parameter(weight);
  const [stride, step] = inputAxis === 0 ? [shape[1]!, 1] : [1, shape[1]!];
  return Float64Array.from({ length: outputs }, (_, k) => values[j * stride + k * step]!);
}
