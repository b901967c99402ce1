/** A recipe that runs from the command line and from the page: no files, a protocol that can be edited, one seed, plain data. */
import { valueComplaint } from '../analysis/experiment-order';
import type { ExperimentPlot, Protocol, ProtocolField, ProtocolSize, ProtocolValue } from '../analysis/experiment-record';
import { InputError } from '../base/errors';
import type { Numerics } from '../numerics/types';

/** One editable number, or list of numbers, of a protocol. */
export interface Parameter<V extends ProtocolValue = ProtocolValue> {
  readonly label: string;
  /** Finishes in seconds on a CPU. */
  readonly small: V;
  /** What the paper ran, or as near as the claim needs. */
  readonly full: V;
  readonly least: number;
  readonly most: number;
  readonly integer: boolean;
}

export type Parameters = Readonly<Record<string, Parameter>>;
export type ProtocolOf<P extends Parameters> = { readonly [K in keyof P]: P[K] extends Parameter<infer V> ? V : never };

export interface ExperimentContext<P extends Parameters = Parameters> {
  readonly numerics: Numerics;
  readonly protocol: ProtocolOf<P>;
  readonly seed: number;
  readonly signal: AbortSignal;
  progress(done: number, total: number): void;
}

export interface ExperimentResult {
  /** What --json prints beside the record's own fields. */
  readonly data: Readonly<Record<string, unknown>>;
  /** The same for people: a header row and rows under it; the paper's figure stands in a column beside ours. */
  readonly table: readonly (readonly string[])[];
  /** One or two sentences under the table: does the claim come out? */
  readonly summary: string;
  readonly plots: readonly ExperimentPlot[];
}

export interface Experiment<P extends Parameters = Parameters> {
  readonly name: string;
  /** What it shows, in one line. */
  readonly title: string;
  /** What the paper claims, with its source, in one or two sentences. */
  readonly claim: string;
  readonly parameters: P;
  run(context: ExperimentContext<P>): Promise<ExperimentResult>;
}

type Range = { least: number; most: number };
type Sizes<V> = { small: V; full: V };

export function integer(label: string, sizes: Sizes<number> & Range): Parameter<number> {
  return { label, ...sizes, integer: true };
}

export function real(label: string, sizes: Sizes<number> & Range): Parameter<number> {
  return { label, ...sizes, integer: false };
}

/** A list of one or more. */
export function integers(label: string, sizes: Sizes<readonly number[]> & Range): Parameter<readonly number[]> {
  return { label, ...sizes, integer: true };
}

export function reals(label: string, sizes: Sizes<readonly number[]> & Range): Parameter<readonly number[]> {
  return { label, ...sizes, integer: false };
}

/** The recipe with its own types, as one of the registry: `readProtocol` made its protocol, so that the types hold. */
export function experiment<P extends Parameters>(recipe: Experiment<P>): Experiment {
  return recipe as unknown as Experiment;
}

export function fieldsOf({ parameters }: Pick<Experiment, 'parameters'>): ProtocolField[] {
  return Object.entries(parameters).map(([key, parameter]) => ({ key, ...parameter }));
}

/**
 * The protocol of a size, with what a person set instead.
 * @throws InputError for a name that is none, or a value out of its range.
 */
export function readProtocol({ name, parameters }: Experiment, size: ProtocolSize, given: Readonly<Record<string, ProtocolValue>> = {}): Protocol {
  for (const key of Object.keys(given)) {
    if (key in parameters) continue;
    const known = Object.keys(parameters);
    throw new InputError('protocol', `${name} has no setting '${key}'; it has ${known.length === 0 ? 'none' : known.join(', ')}.`);
  }
  return Object.fromEntries(Object.entries(parameters).map(([key, parameter]) => [key, checked(key, parameter, given[key] ?? parameter[size])]));
}

function checked(key: string, parameter: Parameter, value: ProtocolValue): ProtocolValue {
  const complaint = valueComplaint(parameter, value);
  if (complaint !== null) throw new InputError('protocol', `${key} ${complaint}.`);
  const values = typeof value === 'number' ? [value] : value;
  return typeof parameter.small === 'number' ? values[0]! : values;
}
