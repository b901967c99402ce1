/** A trajectory with known slopes: the last `dying` eigenvalues of every layer fall as the square of the distance, which halves from point to point. */
import type { TraceAsk } from '../../src/analysis/trace-plan';
import { TRAJECTORY_SCHEMA, type Trajectory, type TrajectoryPoint } from '../../src/analysis/trajectory';
import { defaultRequest } from '../../src/analysis/request';
import { fakeReport, fakeSpectrum, type FakeLayer } from './fake-client';

export function fakePoint(layers: readonly FakeLayer[], distance: number, name: string, step: number | null, dying = 2): TrajectoryPoint {
  const spectra = layers.flatMap((layer) =>
    (['activation', 'gradient'] as const).map((side) => {
      const { residuals: _, ...spectrum } = fakeSpectrum({ ...layer, rank: layer.width }, side);
      const eigenvalues = spectrum.eigenvalues.map((x, k) => (k < layer.width - dying ? x : x * distance ** 2));
      const rank = eigenvalues.filter((x) => x > spectrum.floor).length;
      return { ...spectrum, eigenvalues, rank, deficit: layer.width - rank };
    }),
  );
  return {
    name,
    step,
    distance,
    format: 'safetensors',
    fingerprint: `sha256:${name}`,
    content: step === null ? '0'.repeat(64) : step.toString(16).padStart(64, '0'),
    spectra,
    skipped: [],
    meanLoss: 0.1,
    backend: 'cpu-f64',
    seconds: 0.1,
    unchanged: 0,
  };
}

export function fakeTrajectory(layers: readonly FakeLayer[], path: TraceAsk['path'], names: readonly string[] = []): Trajectory {
  const { model, probe } = fakeReport(layers);
  const members = path.kind === 'run' ? path.members : Array.from({ length: 8 }, () => ({ id: '', step: null }));
  const last = members.length - 1;
  const points = members.map(({ step }, i) => fakePoint(layers, i === last ? 0 : 2 ** -i, names[i] ?? `point ${i}`, step));
  return {
    kind: 'deadreckon-trajectory',
    schema: TRAJECTORY_SCHEMA,
    path: path.kind,
    direction: path.kind === 'line' ? path.direction : null,
    request: defaultRequest,
    model,
    probe,
    probeContent: '0'.repeat(64),
    layers: layers.map((l) => ({ name: l.name, kind: 'linear', width: l.width, activation: 'linear' })),
    reference: points[last]!.name,
    points,
    planned: points.length,
    provenance: { app: 'deadreckon 0.1.0', device: 'CPU, float64', createdAt: '2026-01-01T00:00:00.000Z', seconds: 1 },
  };
}
