import { count } from '../figure/number';
import { selectedDirection } from '../store/directions';
import { shownReport, settingsChanged } from '../store/report';
import type { View } from '../analysis/link';
import { useApp, useStore } from './app-context';
import { CheckpointFacts } from './CheckpointFacts';
import { DirectionReadings } from './DirectionReadings';
import { DirectionsTab } from './DirectionsTab';
import { ExportBar } from './ExportBar';
import { LayerList } from './LayerList';
import { LlcTab } from './LlcTab';
import { Readings } from './Readings';
import { ReportTab } from './ReportTab';
import { RunButton, SettingsPanel } from './SettingsPanel';
import { SpectraTab } from './SpectraTab';
import { TrajectoryTab } from './TrajectoryTab';

const tabs: readonly (readonly [View['tab'], string])[] = [
  ['spectra', 'Spectra'],
  ['directions', 'Directions'],
  ['trajectory', 'Trajectory'],
  ['llc', 'LLC'],
  ['report', 'Report'],
];

export function Workspace({ theme }: { theme: string }) {
  const store = useStore();
  const tab = useApp((s) => s.view.tab);
  const hasReport = useApp((s) => shownReport(s) !== null);
  const running = useApp((s) => s.running !== null);
  const directions = useApp((s) => shownReport(s)?.directions?.length ?? 0);
  const direction = useApp((s) => (s.view.tab === 'directions' ? (selectedDirection(s)?.direction ?? null) : null));
  // Before the first run the settings have the stage; afterwards they step aside.
  const setup = !hasReport && !running && tab !== 'trajectory';
  return (
    <div className={`workspace${setup ? ' setup' : tab === 'trajectory' ? ' wide' : ''}`}>
      <aside className="left" aria-label="Layers and settings">
        <LayerList />
        {!setup && <SettingsPanel roomy={false} />}
        <CheckpointFacts />
      </aside>
      <main key={setup ? 'setup' : 'results'} id="main" className="middle" tabIndex={-1}>
        {setup ? (
          <SettingsPanel roomy />
        ) : (
          <>
            <div className="tab-row">
              <div role="tablist" aria-label="Views">
                {tabs.map(([name, title], at) => (
                  <button
                    key={name}
                    role="tab"
                    id={`tab-${name}`}
                    aria-selected={tab === name}
                    aria-controls={`panel-${name}`}
                    tabIndex={tab === name ? 0 : -1}
                    onClick={() => store.getState().look({ tab: name })}
                    onKeyDown={(event) => {
                      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
                      if (!step) return;
                      const next = tabs[(at + step + tabs.length) % tabs.length]![0];
                      store.getState().look({ tab: next });
                      document.getElementById(`tab-${next}`)?.focus();
                    }}
                  >
                    {title}
                    {name === 'directions' && directions > 0 && <span className="num faint"> {count(directions)}</span>}
                  </button>
                ))}
              </div>
              {tab !== 'llc' && <ExportBar />}
            </div>
            {tab === 'spectra' && <SpectraTab themeName={theme} />}
            {tab === 'directions' && <DirectionsTab themeName={theme} />}
            {tab === 'trajectory' && <TrajectoryTab themeName={theme} />}
            {tab === 'llc' && <LlcTab themeName={theme} />}
            {tab === 'report' && <ReportTab />}
            <Stale />
          </>
        )}
      </main>
      {!setup && tab !== 'trajectory' && (direction ? <DirectionReadings direction={direction} /> : <Readings />)}
    </div>
  );
}

function Stale() {
  const changed = useApp(settingsChanged);
  return changed ? (
    <p className="notice stale" role="status">
      Settings changed: what is shown was computed with the earlier ones. <RunButton words="Run again" id="run-again" />
    </p>
  ) : null;
}
