import { counted, duration } from '../figure/number';
import { currentRun, pathInView, shownTrajectory, traceStage } from '../store/trajectory';
import { useApp, useStore } from './app-context';
import { detectorTitle } from './direction-words';
import { Segments } from './SpectrumPanel';
import { TrajectoryOrder } from './TrajectoryOrder';

/** What the path is, how far it is analysed, and what can be done about it. */
export function TrajectoryRun() {
  const store = useStore();
  const run = useApp(currentRun);
  const kind = useApp((s) => s.pathView.kind);
  const stage = useApp(traceStage);
  const trajectory = useApp(shownTrajectory);
  const path = useApp((s) => pathInView(s)?.path.kind ?? null);
  const asked = useApp((s) => s.pathView.direction);
  const direction = path === null ? (trajectory?.direction ?? null) : path === 'line' ? asked : null;
  const { lookAlong } = store.getState();
  const snapshot = path === null;
  const isRun = snapshot ? trajectory?.path === 'run' : path === 'run';
  const n = run?.members.length ?? 0;
  return (
    <section className="path-run" aria-labelledby="path-title">
      <div className="plot-head">
        <h1 id="path-title">{isRun ? (snapshot ? 'Saved trajectory' : `${n} checkpoints of one run`) : direction ? 'Along a direction of this checkpoint' : 'A line through this checkpoint'}</h1>
        {run && !snapshot && (
          <Segments label="Path" value={kind} options={['run', 'line']} words={{ run: 'the run', line: 'a line through this one' }} onChoose={(next) => lookAlong({ kind: next, direction: null, window: null, at: null })} />
        )}
        <span className="spread" />
        <Stage />
      </div>
      {!isRun && direction && (
        <p className="path-words" data-testid="path-direction">
          Readings along w + εu, where u is the <strong>{detectorTitle(direction.detector)}</strong> of {direction.layer}
          {direction.note !== null && ` (${direction.note})`}, found again from the checkpoint and taken to the norm of the weights that it moves. What rises is woken by u; dead directions that it
          does not touch stay dead.{' '}
          {!snapshot && (
            <button className="textual" onClick={() => lookAlong({ direction: null, window: null, at: null })}>
              A random direction instead
            </button>
          )}
        </p>
      )}
      {stage === 'none' && !direction && <Teach isRun={isRun} alone={run === null} />}
      {isRun && run && !snapshot && <TrajectoryOrder run={run} />}
    </section>
  );
}

function Stage() {
  const store = useStore();
  const stage = useApp(traceStage);
  const tracing = useApp((s) => s.tracing);
  const trajectory = useApp(shownTrajectory);
  const path = useApp((s) => pathInView(s)?.path ?? null);
  const unordered = useApp((s) => s.pathView.kind === 'run' && currentRun(s)?.by === null);
  const busy = useApp((s) => s.running !== null || s.tracing !== null);
  const start = (words: string) => (
    <button className="primary" data-testid="trace" disabled={busy || unordered} onClick={() => void store.getState().trace()}>
      {words}
    </button>
  );
  if (stage === 'running') {
    const { done = 0, total = 0, name = '' } = tracing ?? {};
    return (
      <>
        <span className="muted caption path-name" role="status">
          {total > 0 ? `${Math.min(total, Math.floor(done) + 1)} of ${total}` : 'starting'}
          {name && ` · ${name}`}
        </span>
        <progress value={total > 0 ? done / total : undefined} max={1} aria-label="Progress of the trajectory" />
        <button className="quiet" data-testid="stop-tracing" onClick={() => store.getState().stopTracing()}>
          Cancel <kbd>Esc</kbd>
        </button>
      </>
    );
  }
  if (!path) return trajectory && trajectory.points.length < trajectory.planned ? <span className="muted caption">stopped after {trajectory.points.length} of {trajectory.planned}; drop its checkpoints to go on</span> : null;
  const total = path.kind === 'run' ? path.members.length : (trajectory?.planned ?? 0);
  if (stage === 'part') {
    return (
      <>
        <span className="muted caption" data-testid="path-state">
          {trajectory!.points.length} of {total} analysed
        </span>
        {start('Resume')}
      </>
    );
  }
  if (stage === 'all') {
    const { points, provenance } = trajectory!;
    const unchanged = points.reduce((sum, p) => sum + p.unchanged, 0);
    return (
      <span className="muted caption" data-testid="path-state">
        {counted(points.length, 'point')} in {duration(provenance.seconds)}
        {unchanged > 0 && `, ${counted(unchanged, 'spectrum').replace('spectrums', 'spectra')} unchanged and not solved again`}
      </span>
    );
  }
  return start(path.kind === 'run' ? `Trace ${counted(path.members.length, 'checkpoint')}` : 'Read the slope');
}

function Teach({ isRun, alone }: { isRun: boolean; alone: boolean }) {
  return isRun ? (
    <p className="path-words">
      Every checkpoint is analysed on the same inputs, one after the other; the weights of two are in memory at most. As r directions die together, log det⁺
      falls r times as fast as the smallest eigenvalue: the ratio of the two slopes counts them, which no single eigenvalue can.
    </p>
  ) : (
    <p className="path-words">
      The slope of a trajectory without the training: readings along w + εu for a random direction u and falling ε. What is dead at the checkpoint grows as a
      power of ε, and log det⁺ grows r times as fast as one such direction; what stays dead is a gauge or the architecture’s.
      {alone && ' Drop more checkpoints of the same run to read it off the training itself.'}
    </p>
  );
}
