/** A symbol that explains itself on hover and on focus. */
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { createPortal } from 'react-dom';
import { glossary, type Entry, type TermName } from './glossary';

export function SymbolText({ symbol }: { symbol: Entry['symbol'] }) {
  return (
    <span className="symbol">
      {symbol.base}
      {symbol.sup && <sup>{symbol.sup}</sup>}
      {symbol.sub && <sub>{symbol.sub}</sub>}
    </span>
  );
}

/** @param focusable false where the child takes the focus itself */
export function Term({ name, children, focusable = true }: { name: TermName; children?: ReactNode; focusable?: boolean }) {
  const entry: Entry = glossary[name];
  return (
    <Hint focusable={focusable} content={<TermCard entry={entry} />}>
      {children ?? <SymbolText symbol={entry.symbol} />}
    </Hint>
  );
}

function TermCard({ entry }: { entry: Entry }) {
  return (
    <>
      <strong>{entry.name}</strong>
      <span>{entry.definition}</span>
      <code>{entry.formula}</code>
      <em>{entry.source}</em>
    </>
  );
}

/** Anything with a note that opens on hover and focus and closes with Esc. */
export function Hint({ content, children, focusable = true }: { content: ReactNode; children: ReactNode; focusable?: boolean }) {
  const id = useId();
  const anchor = useRef<HTMLSpanElement>(null);
  const [place, setPlace] = useState<{ left: number; top: number; above: boolean } | null>(null);
  const open = () => {
    const box = anchor.current!.getBoundingClientRect();
    const above = box.bottom > innerHeight - 220;
    setPlace({
      left: Math.max(8, Math.min(box.left, innerWidth - 328)),
      top: above ? innerHeight - box.top + 6 : box.bottom + 6,
      above,
    });
  };
  const close = () => setPlace(null);
  useEffect(() => {
    if (!place) return;
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && close();
    addEventListener('keydown', onKey);
    addEventListener('scroll', close, true);
    return () => {
      removeEventListener('keydown', onKey);
      removeEventListener('scroll', close, true);
    };
  }, [place]);
  return (
    <span
      ref={anchor}
      className="term"
      tabIndex={focusable ? 0 : undefined}
      aria-describedby={place ? id : undefined}
      onMouseEnter={open}
      onMouseLeave={close}
      onFocus={open}
      onBlur={close}
    >
      {children}
      {place &&
        createPortal(
          <span
            role="tooltip"
            id={id}
            className="tooltip"
            style={place.above ? { left: place.left, bottom: place.top } : { left: place.left, top: place.top }}
          >
            {content}
          </span>,
          document.body,
        )}
    </span>
  );
}
