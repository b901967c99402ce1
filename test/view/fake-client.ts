/**
 * A client with no engine behind it: diagonal linear layers whose spectra are known in closed form, played as events. Readings follow from the
 * eigenvalues by their definitions, so that a page that shows something else is wrong.
 */
import { fakeRecord, fakeSummary, otherSummary } from './fake-experiments';
import { fakeLlc } from './fake-llc';
import type { AnalysisEvent, Inspection, OpenedSummary } from '../../src/analysis/events';
import type { ExperimentRecord } from '../../src/analysis/experiment-record';
import { LlcRequest, type LlcRecord } from '../../src/analysis/llc-record';
import type { Reading, Report, Side, Spectrum } from '../../src/analysis/report';
import { defaultRequest } from '../../src/analysis/request';
import { InputError } from '../../src/base/errors';
import type { Client } from '../../src/worker/protocol';
import { fakeTrajectory } from './fake-trajectory';

export interface FakeLayer {
  name: string;
  width: number;
  /** Eigenvalues above the floor. */
  rank: number;
}

/** Eigenvalues exp(-rate k) for k < rank, then roundoff below the floor. */
export function fakeSpectrum(layer: FakeLayer, side: Side, rows = 961): Spectrum {
  const { width, rank } = layer;
  const rate = (side === 'activation' ? 16 : 21) / Math.max(1, width);
  const largest = side === 'activation' ? 3.5 : 0.02;
  const floor = 1.6e-15 * largest;
  const eigenvalues = Array.from({ length: width }, (_, k) =>
    k < rank ? largest * Math.exp(-rate * k) : floor * 0.3 * Math.exp(-0.05 * (k - rank)),
  );
  const live = eigenvalues.slice(0, rank);
  const sampleLimited = rows < width;
  const limited: Reading['limitedBy'] = sampleLimited ? 'samples' : rank < width ? 'floor' : null;
  const trace = eigenvalues.reduce((a, b) => a + b, 0);
  const reading = (
    name: string,
    value: number | null,
    uncertainty: number | null = null,
    limitedBy: Reading['limitedBy'] = null,
  ): Reading => ({ name, value, uncertainty, limitedBy });
  const least = live.at(-1) ?? null;
  return {
    tap: { layer: layer.name, side },
    gram: { of: 'words', sha256: '0'.repeat(64) },
    dimension: width,
    rows,
    eigenvalues,
    residuals: eigenvalues.map(() => floor * 0.1),
    floor,
    digits: 9,
    noise: { forward: floor * 1e-16, solver: floor * 1e-12, digits: 11 },
    covers: 'all',
    rank,
    deficit: width - rank,
    sampleLimited,
    method: 'Householder tridiagonalisation, implicit QL',
    readings: [
      reading('sigmaMin', Math.sqrt(rank < width ? floor : least!), rank < width ? null : Math.sqrt(least!) * 0.02, limited),
      reading('lambdaPlusMin', least, least === null ? null : least * 0.04, sampleLimited ? 'samples' : null),
      reading('lambdaMax', eigenvalues[0]!, eigenvalues[0]! * 0.01),
      reading(
        'logDetPlus',
        live.length ? live.reduce((a, b) => a + Math.log(b), 0) : null,
        0.4,
        sampleLimited ? 'samples' : null,
      ),
      reading('rank', rank, null, sampleLimited ? 'samples' : null),
      reading('deficit', width - rank, null, sampleLimited ? 'samples' : null),
      reading('stableRank', trace / eigenvalues[0]!, 0.03),
      reading('trace', trace, trace * 0.01),
    ],
  };
}

export const fakeLayers: FakeLayer[] = [
  { name: 'embed.W_E', width: 64, rank: 64 },
  ...['W_Q', 'W_K', 'W_V'].map((w) => ({ name: `blocks.0.attn.${w}`, width: 32, rank: 32 })),
  { name: 'blocks.0.attn.W_O', width: 64, rank: 52 },
  { name: 'blocks.0.mlp.W_in', width: 256, rank: 237 },
  { name: 'blocks.0.mlp.W_out', width: 64, rank: 63 },
  { name: 'unembed.W_U', width: 113, rank: 112 },
];

export function fakeReport(layers: readonly FakeLayer[] = fakeLayers, name = 'modadd-d64.safetensors'): Report {
  return {
    kind: 'deadreckon-report',
    schema: 1,
    request: defaultRequest,
    checkpoint: {
      format: 'safetensors',
      name,
      files: [{ name, size: 245_912 }],
      fingerprint: 'sha256:5a1f0c9be2d07734',
      warnings: [],
      tensors: [
        ...layers.map((l) => ({
          name: `${l.name}`,
          dtype: 'F32',
          shape: [l.width, l.width],
          status: 'analysed' as const,
          reason: null,
        })),
        {
          name: 'blocks.0.attn.mask',
          dtype: 'BOOL',
          shape: [128, 128],
          status: 'buffer' as const,
          reason: 'A causal mask: made by the architecture, not trained.',
        },
      ],
      tensorCount: layers.length + 1,
    },
    model: {
      architecture: 'transformer-lens',
      title: 'TransformerLens, 1 layer, d_model 64',
      parameters: 61_184,
      evidence: ['embed.W_E, pos_embed.W_pos, blocks.0.attn.W_Q and unembed.W_U are all there: 4 of 4 anchors.'],
      transforms: ['11 tensors are stored as x @ W and were transposed.'],
      tied: [],
      choices: [
        {
          key: 'activation',
          value: 'relu',
          options: ['relu', 'gelu', 'tanh', 'linear'],
          assumed: true,
          evidence: 'The file does not say which nonlinearity stands between the layers.',
        },
      ],
    },
    probe: {
      kind: 'tokens',
      description: 'Uniform tokens below 113, 2 positions',
      samples: 961,
      positions: 1,
      seed: 7,
      loss: 'ce',
      fisher: 'exact',
      meanLoss: 0.0213,
    },
    layers: layers.map((l) => ({ name: l.name, kind: 'linear', width: l.width, activation: 'linear' })),
    spectra: [],
    skipped: [],
    provenance: {
      app: 'deadreckon 0.1.0',
      backend: 'cpu-f64',
      device: 'CPU, float64',
      createdAt: '2026-01-01T00:00:00.000Z',
      seconds: 0,
      phases: {},
      partial: true,
      grams: null,
    },
  };
}

function inspectionOf(id: string, report: Report, runsAtOnce: boolean): Inspection {
  return {
    id,
    checkpoint: report.checkpoint,
    model: report.model,
    layers: report.layers,
    skipped: [],
    request: { ...defaultRequest, samples: 961, positions: 1, seed: 7, loss: 'ce', fisher: 'exact', folds: 5 },
    probe: report.probe,
    cost: 1e9,
    runsAtOnce,
    takes: 'tokens',
  };
}

export interface FakeOptions {
  layers?: readonly FakeLayer[];
  /** Milliseconds between two events. */
  pause?: number;
  /** Why nothing more is kept of remote files. */
  trouble?: string;
}

/** Files named bad* are refused, probe* are probes, *.json snapshots, big* do not run at once; everything else is the same network. */
export function createFakeClient({ layers = fakeLayers, pause = 0, trouble }: FakeOptions = {}): Client & { requests: unknown[]; fetched: string[] } {
  const requests: unknown[] = [];
  const opened = new Map<string, Inspection>();
  let serial = 0;
  const fetched: string[] = [];
  return {
    requests,
    fetched,
    async experiments() {
      return [otherSummary, fakeSummary];
    },
    async experiment({ order, backend }, onProgress, signal) {
      requests.push({ order, backend });
      for (let i = 1; i <= 4; i++) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        signal.throwIfAborted();
        onProgress({ done: i, total: 4 });
      }
      if (order.seed === 13) throw new InputError('protocol', 'With this seed the flow diverges. Choose a smaller rate.');
      return fakeRecord(order);
    },
    async open(files) {
      const summary: OpenedSummary = { checkpoints: [], probes: [], reports: [], experiments: [], llcs: [], trajectories: [], sideFiles: [], refusals: [] };
      for (const { name, file } of files) {
        const base = name.split('/').at(-1)!;
        if (base.startsWith('bad'))
          summary.refusals.push({
            file: name,
            tensor: 'w1',
            code: 'truncated',
            message: 'The file ends after 102 of 202 bytes. Fetch it again.',
          });
        else if (base.startsWith('probe'))
          summary.probes.push({
            id: `p${++serial}`,
            kind: 'arrays',
            name,
            fingerprint: `sha256:${base}`,
            description: '128 samples of 2 tokens',
            samples: 128,
          });
        else if (base.endsWith('.txt') || base.endsWith('.png'))
          summary.probes.push({ id: `p${++serial}`, kind: base.endsWith('.txt') ? 'text' : 'pictures', name, fingerprint: `sha256:${base}`, description: base, samples: 0 });
        else if (base.startsWith('tokenizer')) summary.sideFiles.push(base);
        else if (base.endsWith('.experiment.json')) summary.experiments.push({ file: name, record: JSON.parse(await file.text()) as ExperimentRecord });
        else if (base.endsWith('.llc.json')) summary.llcs.push({ file: name, record: JSON.parse(await file.text()) as LlcRecord });
        else if (base.endsWith('.json')) summary.reports.push(JSON.parse(await file.text()) as Report);
        else {
          const report = fakeReport(layers, name);
          report.checkpoint.fingerprint = `sha256:${base}`;
          const inspection = inspectionOf(`c${++serial}`, report, !base.startsWith('big'));
          opened.set(inspection.id, inspection);
          summary.checkpoints.push(inspection);
        }
      }
      return summary;
    },
    /** Every address brings the file of its last part; one that names 'slow' takes until it is stopped. */
    async openRemote(address, tell, signal) {
      fetched.push(address);
      const name = address.split('/').at(-1)!;
      tell({ name, host: 'host.example', size: 1000, whole: false });
      if (name.startsWith('slow')) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      return this.open([{ name, file: new Blob([]) }]);
    },
    async kept(clear) {
      if (clear) fetched.length = 0;
      return { bytes: 1000 * fetched.length, trouble: (!clear && trouble) || null };
    },
    async inspect(id, request, probe) {
      const before = opened.get(id);
      if (!before) throw new InputError('unknown', 'This checkpoint is no longer open. Drop it again.');
      const choices = before.model.choices.map((c) =>
        request.choices?.[c.key] ? { ...c, value: request.choices[c.key]!, assumed: false } : c,
      );
      // A dropped probe is used whole: all of its 128 rows, with their targets.
      const samples = request.samples ?? (probe === null ? 961 : 128);
      const { labels: _, ...own } = before.probe;
      const after = {
        ...before,
        model: { ...before.model, choices },
        request: { ...before.request, samples },
        probe: { ...own, samples, ...(probe !== null && { labels: samples }) },
      };
      opened.set(id, after);
      return after;
    },
    async analyze({ id, probe, request }, onEvent, signal) {
      requests.push({ id, probe, request });
      const inspection = opened.get(id)!;
      let report: Report = { ...fakeReport(layers), checkpoint: inspection.checkpoint, model: inspection.model };
      const emit = (event: AnalysisEvent) => onEvent(event);
      const wait = async () => {
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
        else await Promise.resolve();
        signal.throwIfAborted();
      };
      emit({ type: 'started', report });
      const spectra: Spectrum[] = [];
      for (const [i, layer] of layers.entries()) {
        emit({
          type: 'progress',
          phase: 'eigen',
          layer: layer.name,
          done: i,
          total: layers.length,
          secondsLeft: ((layers.length - i) * pause * 2) / 1000,
        });
        for (const side of ['activation', 'gradient'] as const) {
          await wait();
          const rank = side === 'activation' ? Math.min(layer.width, layer.rank + 8) : layer.rank;
          const spectrum = fakeSpectrum({ ...layer, rank }, side);
          spectra.push(spectrum);
          emit({ type: 'spectrum', spectrum });
        }
      }
      report = {
        ...report,
        spectra,
        provenance: { ...report.provenance, seconds: 1.25, phases: { forward: 0.3, gram: 0.4, eigen: 0.55 }, partial: false },
      };
      return report;
    },
    async trace(ask, onEvent, signal) {
      requests.push(ask);
      const names = ask.path.kind === 'run' ? ask.path.members.map(({ id }) => opened.get(id)!.checkpoint.name) : [];
      const whole = fakeTrajectory(layers, ask.path, names);
      onEvent({ type: 'started', trajectory: { ...whole, points: ask.earlier?.points ?? [] } });
      for (const [i, point] of whole.points.entries()) {
        onEvent({ type: 'progress', name: point.name, phase: 'forward', done: i, total: whole.planned });
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
        else await Promise.resolve();
        signal.throwIfAborted();
        onEvent({ type: 'point', at: i, point });
      }
      return whole;
    },
    async llc({ id, probe, request, llc }, onProgress, signal) {
      requests.push({ id, probe, request, llc });
      for (let i = 1; i <= 4; i++) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        signal.throwIfAborted();
        onProgress({ part: i / 4, phase: i < 2 ? 'calibration' : 'chains' });
      }
      if (llc.seed === 13) throw new InputError('llc-samples', 'The probe has 1 sample: nβ = n / log n needs two or more.');
      const { name, format, fingerprint } = opened.get(id)!.checkpoint;
      return fakeLlc(LlcRequest.parse(llc), { name, format, fingerprint });
    },
  };
}
