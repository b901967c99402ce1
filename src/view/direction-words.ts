/** What a direction says, in words. Every number is one of the report's. */
import type { Direction } from '../analysis/directions-schema';
import { decimal } from '../figure/number';

/** Titles of the detectors, by the key that a report carries. */
export const detectorTitles: Readonly<Record<string, string>> = {
  'dead-unit': 'dead unit',
  'dead-channel': 'dead channel of a linear space',
  'duplicated-unit': 'duplicated units',
  'norm-kernel': 'kernel of a norm',
  'spectral-tail': 'tail of a spectrum',
  symmetry: 'symmetry of the architecture',
  'zero-tensor': 'tensor of exact zeros',
};

/** A report of another version may name a detector that is not known here. */
export function detectorTitle(key: string): string {
  return Object.hasOwn(detectorTitles, key) ? detectorTitles[key]! : key;
}

/** 2, ∞ for flat, – where nothing is known. */
export function orderText(order: number | null): string {
  return order === null ? '–' : order === Infinity ? '∞' : String(order);
}

/** 1/4, from 0.25 of order 2. */
export function coefficientText({ coefficient, order }: Direction): string {
  if (coefficient === null) return '–';
  return order === null ? decimal(coefficient) : `1/${2 * order}`;
}

/** Order on the straight line against order along the best arc. */
export function orderSentence({ verdict, lineOrder, order }: Direction): string {
  const line = lineOrder === null ? 'The straight line shows nothing' : `The straight line shows order ${lineOrder}`;
  if (verdict === 'unresolved') {
    return lineOrder === null
      ? 'Nothing is claimed about this direction.'
      : `${line}. Whether a curved path takes that back is not known here.`;
  }
  if (order === null) {
    return lineOrder === null
      ? `${line} at any order that was read: it lies in the flat set itself.`
      : `${line}, but a path that leaves the same way and bends keeps the outputs still: the line only cuts across a curved flat set.`;
  }
  if (order === 1) return 'The outputs move at first order, and no bend of the path can take that back.';
  return lineOrder === order
    ? `${line}, and no bend of the path takes it back: line and arc agree.`
    : `${line}; a path that bends takes it back, and order ${order} is the first that no bend removes.`;
}
