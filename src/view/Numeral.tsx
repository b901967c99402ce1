/** Numbers in tabular figures; scientific ones are aligned on the exponent. */
import { count, decimal, scientific, uncertainty } from '../figure/number';
import type { Reading } from '../analysis/report';

export type NumberKind = 'scientific' | 'decimal' | 'count';

const kinds: Record<string, NumberKind> = {
  sigmaMin: 'scientific',
  lambdaPlusMin: 'scientific',
  lambdaMax: 'scientific',
  trace: 'scientific',
  logDetPlus: 'decimal',
  stableRank: 'decimal',
  rank: 'count',
  deficit: 'count',
};

export const kindOf = (reading: string): NumberKind => kinds[reading] ?? 'scientific';

export function Numeral({ value, kind, digits }: { value: number; kind: NumberKind; digits?: number }) {
  const text =
    kind === 'scientific' ? scientific(value, digits ?? 4) : kind === 'decimal' ? decimal(value, digits ?? 6) : count(value);
  const at = kind === 'scientific' ? text.indexOf('e') : -1;
  return (
    <span className="num" data-value={value}>
      {at < 0 ? text : text.slice(0, at)}
      {kind === 'scientific' && <span className="exponent">{at < 0 ? '' : text.slice(at)}</span>}
    </span>
  );
}

/** A reading as it may be read: with '<' where only an upper bound is known, '–' where it does not exist. */
export function ReadingValue({ reading, digits }: { reading: Reading | undefined; digits?: number }) {
  if (!reading) return <span className="num faint" />;
  if (reading.value === null) return <span className="num faint">–</span>;
  return (
    <>
      {reading.limitedBy === 'floor' && <span className="num">&lt;&thinsp;</span>}
      <Numeral value={reading.value} kind={kindOf(reading.name)} digits={digits} />
    </>
  );
}

export function Uncertainty({ reading }: { reading: Reading | undefined }) {
  return reading?.uncertainty == null ? null : <span className="num uncertainty">± {uncertainty(reading.uncertainty)}</span>;
}

export const limitWords = { floor: 'limited by the floor', samples: 'limited by samples' } as const;
