import { naturalCompare } from './natural';

export type SortKey = number | string | null;

/**
 * A sorted copy, each key computed once: names the way people order them, numbers by size, what has no key last whichever way round.
 * Equal keys keep their order.
 */
export function sortedBy<T>(list: readonly T[], key: (item: T) => SortKey, descending: boolean): T[] {
  const sign = descending ? -1 : 1;
  return list
    .map((item) => ({ item, key: key(item) }))
    .sort((a, b) => (a.key === null || b.key === null ? Number(a.key === null) - Number(b.key === null) : sign * compare(a.key, b.key)))
    .map(({ item }) => item);
}

function compare(x: number | string, y: number | string): number {
  if (typeof x === 'string' || typeof y === 'string') return naturalCompare(String(x), String(y));
  // Equal infinities have no difference.
  return x === y ? 0 : x - y;
}
