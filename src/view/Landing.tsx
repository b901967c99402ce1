import { useState } from 'react';
import { destinationsOf, looksRemote } from '../analysis/remote';
import { messageOf } from '../base/errors';
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
        safetensors · PyTorch · Keras · TensorFlow.js · npz · npy · a saved report or experiment, or{' '}
        <button className="textual" onClick={press('file-input')}>
          choose files
        </button>
        ,{' '}
        <button className="textual" onClick={press('folder-input')}>
          choose a folder
        </button>
        ,{' '}
        <button className="textual" onClick={() => setPasting(true)} aria-expanded={pasting}>
          paste a link or an address
        </button>
      </p>
      {pasting && <LinkField />}
    </section>
  );
}

function LinkField() {
  const store = useStore();
  const [text, setText] = useState('');
  const busy = useApp((s) => s.fetching !== null);
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
        onPaste={(e) => {
          // A field of one line would run the lines of a list into each other.
          const pasted = e.clipboardData.getData('text');
          if (!/\n/.test(pasted.trim())) return;
          e.preventDefault();
          setText(`${text} ${pasted}`.trim().replace(/\s+/g, ' '));
        }}
        placeholder="hf:owner/repository@revision/path or https://…"
        aria-label="Share link, or address of a file"
        aria-describedby="link-note"
        spellCheck={false}
      />
      <button className="primary" disabled={busy}>
        Open
      </button>
      <p id="link-note" className="link-note" data-testid="link-note">
        {noteOf(text)}
      </p>
    </form>
  );
}

/** What opening a text would do, said before it is done. */
function noteOf(text: string): string {
  if (text.trim() === '') return 'A share link, the address of a file, or a model of Hugging Face: hf:EleutherAI/pythia-70m@step1000';
  if (/#v\d+\./.test(text)) return 'A share link: nothing is fetched without asking.';
  if (!looksRemote(text)) return 'Not an address yet: hf:owner/repository@revision/path, https://…, or a share link.';
  try {
    const destinations = destinationsOf(text);
    const hosts = [...new Set(destinations.map((d) => d.host))].join(', ');
    const what = destinations.length === 1 ? destinations[0]!.address : `${destinations.length} addresses`;
    return `Fetches ${what} from ${hosts}: the heads of its files, then the tensors that are analysed. Nothing else is sent.`;
  } catch (error) {
    return messageOf(error);
  }
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
