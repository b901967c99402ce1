/** What a spectrum claims about itself, held against the truth. */
import type { Spectrum } from '../../src/analysis/report';
import { floorOf } from '../../src/spectrum/floor';

/**
 * Sentences about the eigenvalues that are not what the spectrum says they are; empty = it agrees to its stated floor.
 * To every number of digits that its taps have: what is above the floor of those digits, found or in truth, is right to them. And no
 * square root is further off than the root of the floor of one digit, plus its last digit.
 */
export function disagreements(found: Spectrum, truth: ArrayLike<number>): string[] {
  const { noise, eigenvalues } = found;
  const problems: string[] = [];
  const where = `${found.tap.layer} ${found.tap.side}`;
  const one = Math.sqrt(floorOf(noise, 1).floor);
  for (let i = 0; i < truth.length; i++) {
    const [x, t] = [eigenvalues[i]!, truth[i]!];
    if (Math.abs(Math.sqrt(x) - Math.sqrt(t)) > one + 10 ** -noise.digits * Math.sqrt(t)) problems.push(`${where} #${i}: ${x} for ${t}, floor ${one ** 2}`);
    for (let wanted = 1; wanted <= noise.digits; wanted++) {
      const { floor, digits } = floorOf(noise, wanted);
      if (Math.max(x, t) > floor && Math.abs(x - t) > 10 ** -digits * Math.max(x, t)) problems.push(`${where} #${i}: ${x} for ${t}, above the floor of ${digits} digits, ${floor}`);
    }
  }
  return problems;
}
