import type { Spectrum } from '../analysis/report';
import { sparkline } from '../figure/sparkline';
import { memo } from 'react';

/** A spectrum in a few dots; the table has its numbers. */
export const Sparkline = memo(function Sparkline(props: {
  spectrum: Pick<Spectrum, 'eigenvalues' | 'rank'>;
  tone: string;
  width: number;
  height: number;
  most: number;
}) {
  const { spectrum, tone, width, height, most } = props;
  return (
    <svg
      className={`sparkline ${tone}`}
      width={width}
      height={height}
      viewBox={`-2 -2 ${width + 4} ${height + 4}`}
      aria-hidden="true"
    >
      {sparkline(spectrum, most).map((dot, i) => (
        <circle
          key={i}
          cx={dot.x * width}
          cy={dot.y * height}
          r={width > 100 ? 1.6 : 1.1}
          className={dot.dead ? 'dead' : undefined}
        />
      ))}
    </svg>
  );
});
