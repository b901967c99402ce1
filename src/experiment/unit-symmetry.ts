/** The symmetries of hidden units: any order; signs for odd functions; positive scales for homogeneous ones. */
import type { Random } from '../base/random';
import type { Values } from './cell';

export type Unit = 'permutation' | 'odd' | 'homogeneous';

/** On tensors `incoming` [units, ...] and `outgoing` [outputs, units]; others stay. */
export function unitSymmetry(units: number, kind: Unit) {
  return (random: Random) => {
    const order = Array.from({ length: units }, (_, i) => i);
    for (let i = units - 1; i > 0; i--) {
      const j = random.integer(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    const scale = order.map(() => (kind === 'odd' ? (random.uniform() < 0.5 ? -1 : 1) : kind === 'homogeneous' ? 0.5 + 1.5 * random.uniform() : 1));
    return (values: Values): Values => {
      const [before, after] = [values.incoming!, values.outgoing!];
      const width = before.length / units;
      return {
        ...values,
        incoming: before.map((_, k) => before[order[Math.floor(k / width)]! * width + (k % width)]! * scale[Math.floor(k / width)]!),
        outgoing: after.map((_, k) => after[Math.floor(k / units) * units + order[k % units]!]! / scale[k % units]!),
      };
    };
  };
}
