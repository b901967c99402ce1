import { useEffect, useRef } from 'react';
import { bytes } from '../figure/number';
import { useApp, useStore } from './app-context';
import { glossary, type Entry } from './glossary';
import { SymbolText } from './Term';
import { shortcuts } from './use-keyboard';

export function HelpDialog({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="help" onClose={onClose} aria-labelledby="help-title">
      <form method="dialog" className="help-head">
        <h2 id="help-title">Help</h2>
        <button className="quiet">Close</button>
      </form>
      <p>
        A direction is dead when moving along it changes nothing that can be measured on the probe. Deadreckon reads dead
        directions off the spectra of each layer’s activations and per-sample gradients. It says which eigenvalues are real and
        which are below the floor of the computation. Nothing leaves this machine.
      </p>
      <p>
        A model that is not recognised, or too big for a browser, can be dumped from Python with{' '}
        <a href="handoff/deadreckon_torch.py" download>
          deadreckon_torch.py
        </a>{' '}
        or{' '}
        <a href="handoff/deadreckon_jax.py" download>
          deadreckon_jax.py
        </a>
        : drop what they write.
      </p>
      <RemoteFiles />
      <h3>Keyboard</h3>
      <dl className="keys">
        {shortcuts.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split('  ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <h3>Symbols</h3>
      <dl className="symbols">
        {Object.values(glossary).map((entry: Entry) => (
          <div key={entry.name}>
            <dt>
              <SymbolText symbol={entry.symbol} />
            </dt>
            <dd>
              {entry.definition} <code>{entry.formula}</code>
            </dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}

/** How files elsewhere are read, and what is kept of them. */
function RemoteFiles() {
  const store = useStore();
  const kept = useApp((s) => s.kept);
  useEffect(() => void store.getState().lookAtKept(), [store]);
  return (
    <p data-testid="kept">
      An address (<code>hf:owner/repository@revision/path</code>, or a URL) is opened without downloading the whole file: only its
      head and the tensors that are analysed are fetched, for a text or pictures also how this model reads them, and its server learns nothing but that.{' '}
      {kept !== null && (
        <>
          {kept.trouble ?? `${bytes(kept.bytes)} of such files are kept in this browser.`}{' '}
          <button className="textual" disabled={kept.bytes === 0 && kept.trouble === null} onClick={() => void store.getState().clearKept()}>
            Clear
          </button>
        </>
      )}
    </p>
  );
}
