import { naturalCompare } from './natural';

/** A comparison by a key: names the way people order them, numbers by size, what has no key last whichever way round. */
export function orderBy<T>(key: (item: T) => number | string | null, descending: boolean): (a: T, b: T) => number {
  const sign = descending ? -1 : 1;
  return (a, b) => {
    const x = key(a);
    const y = key(b);
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    if (typeof x === 'string' || typeof y === 'string') return sign * naturalCompare(String(x), String(y));
    // Equal infinities have no difference.
    return x === y ? 0 : sign * (x - y);
  };
}
