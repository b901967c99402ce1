import { shownReport } from '../store/report';
import { useApp } from './app-context';
import { Term } from './Term';
import type { TermName } from './glossary';

/** What the directions add up to, with the assumption it rests on; or why they do not, with what is known all the same. */
export function TripleCard({ reading }: { reading: boolean }) {
  const triple = useApp((s) => shownReport(s)?.triple ?? null);
  if (!triple) {
    return (
      <section className="triple" aria-labelledby="triple-title">
        <h2 id="triple-title">What they add up to</h2>
        <p className="muted">
          {reading
            ? 'Follows when every direction has been read.'
            : 'The run was stopped before the end: the directions below are complete, their sum is missing.'}
        </p>
      </section>
    );
  }
  const whole = triple.lambda !== null;
  return (
    <section className="triple" aria-labelledby="triple-title" data-testid="triple" data-lambda={triple.lambda ?? ''}>
      <h2 id="triple-title">What they add up to</h2>
      {whole ? (
        <dl>
          <Quantity name="lambda" value={triple.lambda} aside={triple.lambda.includes('/') ? `= ${short(triple.value)}` : ''} />
          <Quantity name="multiplicity" value={String(triple.multiplicity)} />
          {triple.nu !== null && <Quantity name="nu" value={short(triple.nu)} bound="≤" />}
        </dl>
      ) : (
        triple.bounds && (
          <dl>
            <Quantity name="lambda" value={short(triple.bounds[0])} bound="≥" />
            {triple.bounds[1] !== null && <Quantity name="lambda" value={short(triple.bounds[1])} bound="≤" />}
          </dl>
        )
      )}
      <p>
        {whole ? triple.assumption : `Not assembled: ${triple.reason}`}
        {whole && triple.nu === null && ' ν is not assembled.'}
      </p>
    </section>
  );
}

/** Halves and quarters in full, what goes on for ever to eight digits. */
const short = (x: number) => String(Number(x.toPrecision(8)));

function Quantity({ name, value, aside, bound = '=' }: { name: TermName; value: string; aside?: string; bound?: string }) {
  return (
    <div data-testid={`triple-${name}`} data-value={value}>
      <dt>
        <Term name={name} />
      </dt>
      <dd className="num">
        {bound} {value}
      </dd>
      {aside && <dd className="num faint">{aside}</dd>}
    </div>
  );
}
