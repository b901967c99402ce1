/** The page's composition root: makes the engine client and the store, and mounts the view. */
import './store/no-eval';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import type { Environment } from './store/environment';
import { createApp } from './store/store';
import { App } from './view/App';
import { AppContext } from './view/app-context';
import './view/styles/tokens.css';
import './view/styles/base.css';
import './view/styles/page.css';
import './view/styles/landing.css';
import './view/styles/overlays.css';
import './view/styles/workspace.css';
import './view/styles/settings.css';
import './view/styles/plot.css';
import './view/styles/table.css';
import './view/styles/report.css';
import './view/styles/experiments.css';
import './view/styles/directions.css';
import './view/styles/trajectory.css';
import './view/styles/llc.css';
import './view/styles/responsive.css';
import { createEngineClient } from './worker/client';

const environment: Environment = {
  client: createEngineClient(),
  async fetchFile(path) {
    const response = await fetch(new URL(path, document.baseURI));
    if (!response.ok)
      throw new Error(`${path} could not be fetched (${response.status}). Reload the page, or drop files of your own.`);
    return response.blob();
  },
  recall(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // Storage is closed to the page: it starts anew each time.
    }
  },
  remember(key, value) {
    try {
      localStorage.setItem(key, value);
    } catch {
      // Full or closed: nothing but a memory is lost.
    }
  },
  address: () => location.href.replace(/#.*$/, ''),
  setFragment: (fragment) => history.replaceState(null, '', fragment || location.pathname + location.search),
  copyText: (text) => navigator.clipboard.writeText(text),
};

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <AppContext value={createApp(environment)}>
      <App />
    </AppContext>
  </StrictMode>,
);
