/** A setting: its name, what it is set with, and what it does. */
import { cloneElement, useId, useState, type ReactElement, type ReactNode } from 'react';
import { Hint } from './Term';

interface Described {
  id?: string;
  'aria-describedby'?: string;
}

interface FieldProps {
  label: string;
  help: string;
  /** With the explanation in sight; else it opens over the name, and screen readers say it. */
  roomy: boolean;
  children: ReactElement<Described>;
  mark?: ReactNode;
}

export function Field({ label, help, roomy, children, mark }: FieldProps) {
  const id = useId();
  const described = `${id}help`;
  return (
    <div className="field">
      <span className="field-label">
        <label htmlFor={id}>
          {roomy ? (
            label
          ) : (
            <Hint content={<span>{help}</span>} focusable={false}>
              {label}
            </Hint>
          )}
        </label>
        {mark}
      </span>
      {cloneElement(children, { id, 'aria-describedby': described })}
      <span id={described} className="field-help" hidden={!roomy}>
        {help}
      </span>
    </div>
  );
}

interface NumberFieldProps extends Described {
  value: number | null;
  placeholder?: string;
  least: number;
  most: number;
  /** Fractions are no value of it. */
  whole?: boolean;
  onChange: (value: number | null) => void;
}

/** A number; what cannot be one is not sent, and an empty field means the default. */
export function NumberField({ value, placeholder, least, most, whole = true, onChange, ...described }: NumberFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <input
      {...described}
      type="number"
      inputMode={whole ? 'numeric' : 'decimal'}
      min={least}
      max={most}
      step={whole ? 1 : 'any'}
      value={typed ?? value ?? ''}
      placeholder={placeholder}
      onChange={(event) => {
        const text = event.target.value;
        setTyped(text);
        const number = Number(text);
        if (text === '') onChange(null);
        else if ((whole ? Number.isInteger(number) : Number.isFinite(number)) && number >= least && number <= most) onChange(number);
      }}
      onBlur={() => setTyped(null)}
    />
  );
}
