/** A local learning coefficient without chains: traces around a value, and a calibration with a plateau. */
import type { LlcRecord, LlcRequest } from '../../src/analysis/llc-record';

const defaults: LlcRequest = { chains: 4, burnIn: 500, draws: 1500, step: null, gammas: [1], nbeta: null, adjusted: false, preconditioner: 'none', batch: null, seed: null };

export function fakeLlc(
  request: Partial<LlcRequest> = {},
  checkpoint: LlcRecord['checkpoint'] = { name: 'run/step-200.safetensors', format: 'safetensors', fingerprint: 'sha256:step-200' },
): LlcRecord {
  const { chains, burnIn, draws, step, gammas, nbeta, adjusted, preconditioner, batch, seed } = { ...defaults, ...request };
  const value = 4 + 0.1 * ((seed ?? 0) % 3);
  const wave = (length: number, by: number) => Array.from({ length }, (_, k) => value + by + Math.sin(k + by));
  const rows = [4, 2, 1].map((step, i) => ({ step, gamma: 1, llc: i === 0 ? 6 : value, standardError: 0.1, acceptance: 0.7 + 0.1 * i, problems: [] }));
  return {
    kind: 'deadreckon-llc',
    schema: 1,
    checkpoint,
    model: { title: 'MLP 4 → 3 → 4', architecture: 'mlp', parameters: 24 },
    probe: { description: '60 standard normal vectors', samples: 60, positions: 1, seed: 0, loss: 'mse', labels: 'own' },
    settings: { chains, burnIn, draws, step: step ?? 2, gamma: gammas[0]!, nbeta: nbeta ?? 60 / Math.log(60), adjusted, preconditioner, batch, seed: seed ?? 0 },
    llc: value,
    standardError: 0.05,
    effectiveDraws: 400,
    acceptance: batch === null ? 0.8 : null,
    initialLoss: 0,
    passes: chains * (burnIn + draws) + (step === null ? 3000 : 0),
    calibration: step === null ? { sentence: 'Step size 2: the largest on the plateau.', passes: 3000, rows } : null,
    chains: Array.from({ length: chains }, (_, c) => ({
      mean: value,
      acceptance: 0.8,
      divergedAt: null,
      effectiveDraws: 100,
      opening: { length: 10, means: wave(20, -0.1 * c) },
      trace: { length: 10, means: wave(60, 0.1 * c) },
    })),
    problems: [],
    provenance: { app: 'deadreckon 0.1.0', backend: 'cpu-f64', device: 'CPU, float64', createdAt: '2026-01-01T00:00:00.000Z', seconds: 2 },
  };
}
