import { useEffect, useRef, useState } from 'react';

/** The same array as before while its items are the same ones: a figure is not made again for a new list of old things. */
export function useSteady<T>(list: readonly T[]): readonly T[] {
  const kept = useRef(list);
  if (kept.current.length !== list.length || kept.current.some((item, i) => item !== list[i])) kept.current = list;
  return kept.current;
}

/** A value that changes at most every `interval` milliseconds, the first time after as long; the last one always arrives. */
export function useThrottled<T>(value: T, interval: number): T {
  const [shown, show] = useState(value);
  const last = useRef<number | null>(null);
  useEffect(() => {
    if (Object.is(shown, value)) return;
    last.current ??= performance.now();
    const wait = Math.max(0, last.current + interval - performance.now());
    const timer = setTimeout(() => {
      last.current = performance.now();
      show(() => value);
    }, wait);
    return () => clearTimeout(timer);
  }, [value, shown, interval]);
  return shown;
}
