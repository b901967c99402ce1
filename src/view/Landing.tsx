import { useState } from 'react';
import { useApp, useStore } from './app-context';
import { GalleryCards } from './GalleryCards';

export function Landing() {
  const store = useStore();
  const opening = useApp((s) => s.opening);
  return (
    <main id="main" className="landing" tabIndex={-1}>
      <h1>Which directions of this network are dead?</h1>
      <p className="lead">
        Drop a checkpoint: the spectra of every layer are computed on your machine, each with the floor below which nothing can be
        read. Nothing is uploaded.
      </p>
      <DropZone title={opening === null ? 'Drop a checkpoint, several, or a folder' : `Opening ${opening} …`} />
      <GalleryCards />
      <p className="muted further">
        Or see whether the claims hold:{' '}
        <a className="textual" href="#experiments" onClick={() => void store.getState().openExperiments()}>
          run the papers’ experiments
        </a>{' '}
        here, each with the paper’s figures beside yours.
      </p>
      <OpenSubjects />
    </main>
  );
}

/** The visible target of drops; the window around it takes them too. */
export function DropZone({ title }: { title: string }) {
  const [pasting, setPasting] = useState(false);
  const press = (id: string) => () => document.getElementById(id)?.click();
  return (
    <section className="drop-zone" data-testid="drop-zone" aria-label="Open files">
      <p className="drop-title">{title}</p>
      <p>
        safetensors · PyTorch · npz · npy · a saved report or experiment, or{' '}
        <button className="textual" onClick={press('file-input')}>
          choose files
        </button>
        ,{' '}
        <button className="textual" onClick={press('folder-input')}>
          choose a folder
        </button>
        ,{' '}
        <button className="textual" onClick={() => setPasting(true)} aria-expanded={pasting}>
          paste a link
        </button>
      </p>
      {pasting && <LinkField />}
    </section>
  );
}

function LinkField() {
  const store = useStore();
  const [text, setText] = useState('');
  return (
    <form
      className="link-field"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim()) void store.getState().openLink(text);
      }}
    >
      <input
        type="text"
        autoFocus
        value={text}
        onChange={(e) => setText(e.target.value)}
        placeholder="https://…#v1.…"
        aria-label="Share link"
        spellCheck={false}
      />
      <button className="primary">Open</button>
    </form>
  );
}

/** The way back to what is already open. */
export function OpenSubjects() {
  const store = useStore();
  const subjects = useApp((s) => s.subjects);
  if (subjects.length === 0) return null;
  return (
    <section className="open-subjects" aria-labelledby="open-title">
      <h2 id="open-title">Still open</h2>
      <ul>
        {subjects.map((s) => (
          <li key={s.id}>
            <button className="textual" onClick={() => store.getState().choose(s.id)}>
              {s.name}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
