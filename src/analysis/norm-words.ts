import type { NormReading } from './report';

/** All norms in one line: '25 norms, each with the kernel gamma^-1; condition of gamma 1.2 to 35'. */
export function normsLine(norms: readonly NormReading[]): string {
  const kernels = norms.filter(({ kernel }) => kernel).length;
  const have = kernels === norms.length ? 'with the kernel γ⁻¹' : kernels === 0 ? 'no kernel (RMSNorm does not centre)' : `${kernels} with the kernel γ⁻¹`;
  const conditions = norms.flatMap(({ condition }) => (condition === null ? [] : [condition]));
  const short = (x: number) => (x < 1e4 ? String(Number(x.toPrecision(3))) : x.toExponential(1).replace('e+', 'e'));
  const [least, most] = [Math.min(...conditions), Math.max(...conditions)].map(short);
  const range = conditions.length === 0 ? '' : `; largest over smallest γ ${least === most ? least : `${least} to ${most}`}`;
  const degenerate = norms.filter(({ nearlyZero }) => nearlyZero > 0).length;
  return `${norms.length} ${norms.length === 1 ? 'norm' : 'norms'}, ${have}${range}${degenerate > 0 ? `; ${degenerate} with γ near zero` : ''}`;
}
