const PREFIXES = [['T', 1e12], ['G', 1e9], ['M', 1e6]] as const;

/** '3.1 T op/s' for 3.1e12 operations per second. */
export function perSecond(rate: number): string {
  const [unit, size] = PREFIXES.find(([, least]) => rate >= least) ?? PREFIXES.at(-1)!;
  return `${Number((rate / size).toPrecision(2))} ${unit} op/s`;
}
