import { useRef } from 'react';
import { shownReport } from '../store/report';
import { currentSubject } from '../store/session';
import { useApp, useStore } from './app-context';
import { BackendChip } from './BackendChip';
import { filesOfPicker } from './drop';
import { count } from '../figure/number';

export function Header({ theme, onTheme, onHelp }: { theme: string; onTheme: () => void; onHelp: () => void }) {
  const store = useStore();
  const subject = useApp(currentSubject);
  const model = useApp((s) => shownReport(s)?.model ?? currentSubject(s)?.inspection?.model ?? null);
  const experimenting = useApp((s) => s.experimenting && s.current === null);
  return (
    <header className="header">
      <button className="brand" onClick={() => store.getState().goHome()} aria-label="Deadreckon, start page">
        dead<b>reckon</b>
      </button>
      {subject && (
        <>
          <p className="chip file-chip" title={subject.name}>
            <strong>{subject.name}</strong>
            {model && (
              <span>
                {' '}
                · {model.title}, {count(model.parameters)} parameters
              </span>
            )}
          </p>
          <BackendChip />
        </>
      )}
      <nav className="header-actions" aria-label="Page">
        <FilePickers />
        <a
          className="quiet"
          href="#experiments"
          data-testid="experiments-link"
          aria-current={experimenting ? 'page' : undefined}
          onClick={() => void store.getState().openExperiments()}
        >
          Experiments
        </a>
        <button className="quiet icon" onClick={onHelp} aria-label="Help and keyboard shortcuts" title="Help (?)">
          ?
        </button>
        <button
          className="quiet icon"
          onClick={onTheme}
          aria-label={theme === 'dark' ? 'Use the light theme' : 'Use the dark theme'}
          title="Light or dark"
        >
          <svg width="15" height="15" viewBox="0 0 16 16" aria-hidden="true">
            <circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" strokeWidth="1.4" />
            <path d="M8 1.5a6.5 6.5 0 0 1 0 13z" fill="currentColor" />
          </svg>
        </button>
        {subject && (
          <button
            className="primary"
            data-testid="share"
            onClick={() => void store.getState().copyLink()}
            title="Copy a link to this view (c)"
          >
            Copy link
          </button>
        )}
      </nav>
    </header>
  );
}

/** The pickers are always there: the landing page's words and this menu press them. */
function FilePickers() {
  const store = useStore();
  const subject = useApp((s) => s.current);
  const files = useRef<HTMLInputElement>(null);
  const take = (input: HTMLInputElement) => {
    if (input.files) void store.getState().openFiles(filesOfPicker(input.files));
    input.value = '';
  };
  return (
    <>
      <input
        ref={files}
        id="file-input"
        data-testid="file-input"
        className="offscreen"
        type="file"
        multiple
        tabIndex={-1}
        aria-label="Choose files"
        onChange={(e) => take(e.currentTarget)}
      />
      <input
        id="folder-input"
        className="offscreen"
        type="file"
        multiple
        tabIndex={-1}
        aria-label="Choose a folder"
        ref={(element) => element?.setAttribute('webkitdirectory', '')}
        onChange={(e) => take(e.currentTarget)}
      />
      {subject !== null && (
        <button className="quiet" onClick={() => files.current?.click()}>
          Open…
        </button>
      )}
    </>
  );
}
