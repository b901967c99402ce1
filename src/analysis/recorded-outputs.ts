/** Whether a network gives what another program recorded of it: the check that a checkpoint is read as it was meant. */
import type { ProbeSummary, Report } from './report';

/** A sentence; none where the probe records no outputs. */
export function outputComparison({ probe: { recorded }, provenance }: Pick<Report, 'probe' | 'provenance'>): string[] {
  if (recorded === undefined) return [];
  if (recorded === null) return [provenance.partial ? 'The probe records outputs of the network; they are compared when it has run to its end.' : 'The probe records outputs of the network, which was not run to its end: choose its last layer too, and they are compared.'];
  const { name, values, difference, rounding, probabilities } = recorded;
  const what = `the ${probabilities ? 'probabilities' : 'outputs'} recorded in the probe ('${name}', ${values} values)`;
  if (difference <= rounding) return [`Outputs agree with ${what}: the largest difference is ${show(difference)} of the largest value. The checkpoint is read as it was meant.`];
  const apart = isBeyond(difference) ? 'they are not finite, or nothing but zeros was recorded' : `they differ by up to ${show(difference)} of the largest value, and rounding usually explains ${show(rounding)}`;
  return [`Outputs do not agree with ${what}: ${apart}. Check what was assumed (activation, heads, norms), and that the inputs were prepared alike.`];
}

/** The same in a few words; null where nothing was compared. */
export function outputNote({ recorded }: Pick<ProbeSummary, 'recorded'>): { readonly words: string; readonly agree: boolean } | null {
  if (!recorded) return null;
  const agree = recorded.difference <= recorded.rounding;
  const by = isBeyond(recorded.difference) ? '' : `, ${agree ? 'to' : 'by'} ${show(recorded.difference)}`;
  return { agree, words: `outputs ${agree ? 'agree with' : 'differ from'} those recorded${by}` };
}

/** No number tells how far off they are. */
function isBeyond(difference: number): boolean {
  return difference === Number.MAX_VALUE;
}

function show(x: number): string {
  return x === 0 || x >= 1 ? `${Number(x.toPrecision(2))}` : x.toExponential(1);
}
