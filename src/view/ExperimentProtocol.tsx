import { useEffect, useState } from 'react';
import { EXPERIMENT_BACKENDS } from '../analysis/experiment-order';
import { PROTOCOL_SIZES, type ExperimentSummary, type ProtocolField } from '../analysis/experiment-record';
import { count } from '../figure/number';
import { fieldComplaint, fieldText, orderOf, seedComplaint } from '../store/experiment-draft';
import type { ExperimentCard } from '../store/experiments';
import { useStore } from './app-context';
import { backendName } from './sentence';
import { Segments } from './SpectrumPanel';

/** What an experiment is run with: a size, and every number of it under the person's hand. */
export function ExperimentProtocol({ summary, card }: { summary: ExperimentSummary; card: ExperimentCard }) {
  const store = useStore();
  const { name, fields } = summary;
  const { draftExperiment, sizeExperiment, typeSetting } = store.getState();
  const [open, setOpen] = useState(card.linked);
  useEffect(() => {
    if (card.linked) setOpen(true);
  }, [card.linked]);
  const order = orderOf(summary, card);
  return (
    <details className="protocol" data-testid={`protocol-${name}`} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Protocol<span className="faint"> {inShort(summary, card)}</span>
      </summary>
      <div className="protocol-fields">
        <div className="protocol-field">
          <span className="protocol-label">size</span>
          <Segments label={`Size of ${name}`} value={card.size} options={PROTOCOL_SIZES} onChoose={(size) => sizeExperiment(name, size)} />
        </div>
        {fields.map((field) => (
          <TextField
            key={field.key}
            id={`${name}-${field.key}`}
            label={field.label}
            hint={rangeWords(field)}
            value={fieldText(field, card)}
            complaint={fieldComplaint(field, card)}
            onType={(text) => typeSetting(name, field.key, text)}
          />
        ))}
        <TextField id={`${name}-seed`} label="seed" value={card.seed} complaint={seedComplaint(card)} onType={(seed) => draftExperiment(name, { seed })} />
        <label className="protocol-field">
          <span className="protocol-label">backend</span>
          <select
            value={card.backend}
            onChange={(e) => draftExperiment(name, { backend: EXPERIMENT_BACKENDS.find((b) => b === e.target.value)! })}
          >
            {EXPERIMENT_BACKENDS.map((b) => (
              <option key={b} value={b}>
                {backendName(b)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p className="muted on-command-line">
        The same on the command line: {order ? <code>{commandOf(order, card.backend)}</code> : 'once every field can be used.'}
      </p>
    </details>
  );
}

function TextField(props: { id: string; label: string; hint?: string; value: string; complaint: string | null; onType: (text: string) => void }) {
  const { id, label, hint, value, complaint, onType } = props;
  const about = complaint === null ? (hint === undefined ? undefined : `${id}-hint`) : `${id}-complaint`;
  return (
    <div className="protocol-field">
      <label className="protocol-label" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        data-testid={`setting-${id}`}
        type="text"
        inputMode="decimal"
        spellCheck={false}
        autoComplete="off"
        maxLength={1000}
        value={value}
        aria-invalid={complaint !== null}
        aria-describedby={about}
        onChange={(e) => onType(e.target.value)}
      />
      {complaint !== null ? (
        <span className="protocol-note failed" id={`${id}-complaint`}>
          {complaint}
        </span>
      ) : (
        hint !== undefined && (
          <span className="protocol-note faint" id={`${id}-hint`}>
            {hint}
          </span>
        )
      )}
    </div>
  );
}

function rangeWords({ small, least, most, integer }: ProtocolField): string {
  const [from, to] = integer ? [count(least), count(most)] : [least, most];
  const list = typeof small !== 'number';
  const kind = `${integer ? 'whole ' : ''}${list ? 'numbers with commas' : 'number'}`;
  return `${kind}, ${from} to ${to}`;
}

/** 'small · charts 6 · seed 0' */
function inShort({ fields }: ExperimentSummary, card: ExperimentCard): string {
  return [card.size, ...fields.map((field) => `${field.key} ${fieldText(field, card)}`), `seed ${card.seed}`].join(' · ').slice(0, 300);
}

function commandOf({ name, size, changes, seed }: NonNullable<ReturnType<typeof orderOf>>, backend: string): string {
  const sets = Object.entries(changes).map(([key, value]) => `--set ${key}=${String(value)}`);
  const parts = [size === 'full' ? '--full' : '', ...sets, seed === 0 ? '' : `--seed ${seed}`, backend === 'cpu-f64' ? '' : `--backend ${backend}`];
  return ['npm run --silent cli -- experiment', name, ...parts, '--json'].filter(Boolean).join(' ');
}
