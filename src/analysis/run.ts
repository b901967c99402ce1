/** One run of an analysis: the growing report, its clock and its progress. */
import type { Numerics } from '../numerics/types';
import type { AnalysisEvent, Phase } from './events';
import type { Report, Side, Spectrum } from './report';

export class Run {
  private readonly clocks = new Map<Phase, { running: number; since: number }>();

  constructor(
    readonly report: Report,
    private readonly emit: (event: AnalysisEvent) => void,
    private readonly started: number,
  ) {}

  /** Nothing was found yet: what stands in the report by now is made anew. */
  startAgain(): void {
    this.report.spectra.length = 0;
    this.emit({ type: 'started', report: this.report });
  }

  /** `reason` where this is not the backend that was chosen. */
  computesOn({ name, device }: Numerics, reason: string): void {
    const { provenance } = this.report;
    if (provenance.choice && provenance.backend !== name) provenance.choice = { ...provenance.choice, reason };
    provenance.backend = name;
    provenance.device = device;
  }

  progress(phase: Phase, layer: string | null, done: number, total: number): void {
    const elapsed = (performance.now() - this.started) / 1000;
    const secondsLeft = done > 0 && elapsed > 0.5 ? (elapsed * (total - done)) / done : null;
    this.emit({ type: 'progress', phase, layer, done, total, secondsLeft });
  }

  skip(layer: string, side: Side, reason: string): void {
    if (this.report.skipped.some((s) => s.layer === layer && s.side === side)) return;
    const skipped = { layer, side, reason: reason.slice(0, 4000) };
    this.report.skipped.push(skipped);
    this.emit({ type: 'skipped', skipped });
  }

  add(spectrum: Spectrum): void {
    this.report.spectra.push(spectrum);
    this.emit({ type: 'spectrum', spectrum });
  }

  /** Runs `work` and books its seconds under a phase; what runs side by side in one phase counts once. */
  async time<R>(phase: Phase, work: () => Promise<R>): Promise<R> {
    const clock = this.clocks.get(phase) ?? { running: 0, since: 0 };
    this.clocks.set(phase, clock);
    if (clock.running++ === 0) clock.since = performance.now();
    try {
      return await work();
    } finally {
      const { phases } = this.report.provenance;
      if (--clock.running === 0) phases[phase] = (phases[phase] ?? 0) + (performance.now() - clock.since) / 1000;
    }
  }
}
