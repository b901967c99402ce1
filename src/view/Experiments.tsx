import { shownExperiments } from '../store/experiments';
import { useApp, useStore } from './app-context';
import { ExperimentCard } from './ExperimentCard';
import { OpenSubjects } from './Landing';
import { useSteady } from './use-steady';

/** The papers' experiments, one card each. */
export function Experiments({ theme }: { theme: string }) {
  const store = useStore();
  const list = useApp((s) => s.experimentList);
  const cards = useApp((s) => s.experimentCards);
  const shown = useSteady(shownExperiments({ experimentList: list, experimentCards: cards }));
  return (
    <main id="main" className="landing experiments" tabIndex={-1}>
      <h1>Do the papers’ claims come out?</h1>
      <p className="lead">
        Each card is one experiment of the papers: what it claims, the protocol, and the paper’s figures beside the ones that are
        computed here, on your machine. Small versions take seconds.
      </p>
      <p className="muted further">
        Results that were computed elsewhere open here too:{' '}
        <button className="textual" onClick={() => document.getElementById('file-input')?.click()}>
          choose
        </button>{' '}
        or drop the JSON that the command line or this page wrote.
      </p>
      <div className="experiment-list" aria-busy={list === null}>
        {shown.map((summary) => (
          <ExperimentCard key={summary.name} summary={summary} known={list!.includes(summary)} theme={theme} />
        ))}
        {list === null && (
          <p className="muted">
            Asking the engine for the experiments …{' '}
            <button className="textual" onClick={() => void store.getState().openExperiments()}>
              Ask again
            </button>
          </p>
        )}
      </div>
      <OpenSubjects />
    </main>
  );
}
