import { shownTrajectory, traceStage } from '../store/trajectory';
import { useApp } from './app-context';
import { TrajectoryReadings } from './TrajectoryReadings';
import { TrajectoryRun } from './TrajectoryRun';
import { TrajectorySlopes } from './TrajectorySlopes';
import { TrajectorySpectrum } from './TrajectorySpectrum';
import { TrajectoryTable } from './TrajectoryTable';

/** Several checkpoints of one run, or a line through one: readings along the way, the spectrum, and what the slopes count. */
export function TrajectoryTab({ themeName }: { themeName: string }) {
  const stage = useApp(traceStage);
  const points = useApp((s) => shownTrajectory(s)?.points.length ?? 0);
  return (
    <div role="tabpanel" id="panel-trajectory" aria-labelledby="tab-trajectory" className="panel trajectory" data-stage={stage}>
      <TrajectoryRun />
      {points > 1 && (
        <>
          <TrajectoryReadings themeName={themeName} />
          <TrajectorySlopes themeName={themeName} />
          <TrajectoryTable />
          <TrajectorySpectrum themeName={themeName} />
        </>
      )}
    </div>
  );
}
