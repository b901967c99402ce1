/** A trajectory as a table with one number per line: readings point by point, then slopes. */
import { PATH_READINGS, readingAlong } from '../analysis/path-readings';
import { multipleOf, type Slope } from '../analysis/slopes';
import { cell } from './csv';
import { digitsOf, thresholdOf } from './settings';
import type { App } from './store';
import { shownAxis, shownFits, shownTrajectory } from './trajectory';

const HEADER = 'layer,side,quantity,point,checkpoint,step,distance,value,half_width,limited_by';

/** At the cut, the axis and the window in view; '' where there is no trajectory. */
export function trajectoryCsv(state: App): string {
  const trajectory = shownTrajectory(state);
  if (!trajectory) return '';
  const axis = shownAxis(state, trajectory);
  const cut = { threshold: thresholdOf(state), digits: digitsOf(state) };
  const lines = [HEADER];
  for (const fit of shownFits(state)) {
    const start = `${cell(fit.layer)},${fit.side}`;
    for (const reading of PATH_READINGS) {
      readingAlong(trajectory, reading, fit, cut).forEach(({ value, limitedBy }, i) => {
        const { name, step, distance } = trajectory.points[i]!;
        if (value !== null) lines.push(`${start},${reading},${i + 1},${cell(name)},${step ?? ''},${distance},${value},,${limitedBy ?? ''}`);
      });
    }
    const slope = (quantity: string, s: Pick<Slope, 'value' | 'halfWidth'> | null) => {
      if (s) lines.push(`${start},${quantity},,,,,${s.value},${s.halfWidth},`);
    };
    slope(`slope of logDetPlus in ${axis}`, fit.volume);
    slope(`slope of log lambdaPlusMin in ${axis}`, fit.smallest);
    slope('ratio of slopes', fit.ratio);
    lines.push(`${start},kept,,,,,${fit.kept},,`, `${start},r,,,,,${multipleOf(fit)},,`, `${start},deficit at the end,,,,,${fit.deficit ?? ''},,`);
  }
  return lines.join('\r\n') + '\r\n';
}
