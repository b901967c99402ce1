import { useEffect, useState } from 'react';
import { defaultView } from '../analysis/link';
import { spectrumFigure } from '../figure/spectrum-figure';
import { useApp, useStore } from './app-context';
import { filesOfDrop } from './drop';
import { Experiments } from './Experiments';
import { Header } from './Header';
import { HelpDialog } from './HelpDialog';
import { Landing } from './Landing';
import { PendingLink } from './PendingLink';
import { warmPlotly } from './Plot';
import { Refusals } from './Refusals';
import { StatusLine } from './StatusLine';
import { Toast } from './Toast';
import { useKeyboard } from './use-keyboard';
import { readTheme, useThemeName } from './use-theme';
import { Workspace } from './Workspace';

export function App() {
  const store = useStore();
  const [theme, toggleTheme] = useThemeName();
  const [help, setHelp] = useState(false);
  const subject = useApp((s) => s.current);
  const pending = useApp((s) => s.pending);
  const experimenting = useApp((s) => s.experimenting);
  useKeyboard(() => setHelp(true));
  const over = useWindowDrop();

  useEffect(() => {
    warmPlotly(spectrumFigure({ spectra: [], view: defaultView, threshold: 0, theme: readTheme() }).layout);
    void store.getState().loadGallery();
    const openHash = () => {
      if (location.hash === '#experiments') void store.getState().openExperiments();
      else if (location.hash.length > 1) void store.getState().openLink(location.hash);
      // The browser's way back from the experiments.
      else if (store.getState().experimenting && store.getState().current === null) store.getState().goHome();
    };
    openHash();
    addEventListener('hashchange', openHash);
    return () => removeEventListener('hashchange', openHash);
  }, [store]);

  return (
    <div className={`app${over ? ' dropping' : ''}`}>
      <a className="skip" href="#main" onClick={focusMain}>
        Skip to the content
      </a>
      <Header theme={theme} onTheme={toggleTheme} onHelp={() => setHelp(true)} />
      <Refusals />
      {pending ? <PendingLink /> : subject !== null ? <Workspace theme={theme} /> : experimenting ? <Experiments theme={theme} /> : <Landing />}
      <StatusLine onHelp={() => setHelp(true)} />
      <Toast />
      {help && <HelpDialog onClose={() => setHelp(false)} />}
      {over && (
        <div className="drop-veil" aria-hidden="true">
          Drop to open
        </div>
      )}
    </div>
  );
}

/** The fragment belongs to share links: the skip link moves the focus without it. */
function focusMain(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

/** The whole window takes drops of files and pasted links; true while something is dragged over it. */
function useWindowDrop(): boolean {
  const store = useStore();
  const [depth, setDepth] = useState(0);
  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const enter = (event: DragEvent) => hasFiles(event) && setDepth((d) => d + 1);
    const leave = (event: DragEvent) => hasFiles(event) && setDepth((d) => Math.max(0, d - 1));
    const hover = (event: DragEvent) => hasFiles(event) && event.preventDefault();
    const drop = (event: DragEvent) => {
      setDepth(0);
      if (!hasFiles(event)) return;
      event.preventDefault();
      filesOfDrop(event.dataTransfer!).then(
        (files) =>
          files.length > 0
            ? store.getState().openFiles(files)
            : store.getState().refuse('', 'That folder is empty. Drop a checkpoint, several, or a folder with one.'),
        () =>
          store
            .getState()
            .refuse(
              '',
              'What was dropped could not be read: it may have been moved or closed to the browser. Choose it with the file picker.',
            ),
      );
    };
    const paste = (event: ClipboardEvent) => {
      const text = event.clipboardData?.getData('text') ?? '';
      const typing = event.target instanceof HTMLElement && event.target.matches('input, textarea');
      if (!typing && /#v\d+\./.test(text)) void store.getState().openLink(text);
    };
    addEventListener('dragenter', enter);
    addEventListener('dragleave', leave);
    addEventListener('dragover', hover);
    addEventListener('drop', drop);
    addEventListener('paste', paste);
    return () => {
      removeEventListener('dragenter', enter);
      removeEventListener('dragleave', leave);
      removeEventListener('dragover', hover);
      removeEventListener('drop', drop);
      removeEventListener('paste', paste);
    };
  }, [store]);
  return depth > 0;
}
