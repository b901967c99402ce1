/**
 * The report: everything an analysis found, as plain data. The same object is made by the page and the command line, saved,
 * shared, and opened again. This zod schema is its only definition; `public/report.schema.json` is generated from it.
 */
import { z } from 'zod';
import { AuditLine, Direction, Triple } from './directions-schema';
import { FISHERS, LOSSES, Request } from './request';
import { MOST_DIGITS } from '../spectrum/floor';

/** Raised when a field changes meaning; a report with a larger number is refused with a sentence. */
export const REPORT_SCHEMA = 1;

const name = z.string().max(100_100);
const count = z.int().min(0);
const sentence = z.string().max(4000);

export const SIDES = ['activation', 'gradient', 'parameter', 'weight'] as const;

export const Tap = z.object({
  /** Tensor prefix of the layer: '0', 'blocks.3.mlp.W_in'. */
  layer: name,
  /**
   * activation: the layer's output after its nonlinearity. gradient: d(loss_i)/d(pre-activation). parameter: the N x N Gram of the
   * layer's per-sample parameter gradients. weight: the tensor itself, eigenvalues = squared singular values.
   */
  side: z.enum(SIDES),
});

export const Reading = z.object({
  /** Registry key: 'sigmaMin', 'lambdaPlusMin', 'logDetPlus', 'rank', 'deficit', 'stableRank', 'trace', 'lambdaMax'. */
  name: z.string().max(64),
  /** Null when the reading does not exist here (log det+ of a zero matrix). */
  value: z.number().nullable(),
  /** Jackknife standard error over blocks of samples; null when it was not estimated. */
  uncertainty: z.number().nullable(),
  /** Estimated readings: the truth lies in here with probability 0.95. */
  interval: z.tuple([z.number(), z.number()]).optional(),
  /** Why there is no value, where that is not plain. */
  reason: sentence.optional(),
  /** 'floor': the value is an upper bound, limited by the numerical floor. 'samples': limited by too few rows. null: free. */
  limitedBy: z.enum(['floor', 'samples']).nullable(),
});

export const GramHash = z.object({
  /**
   * 'integers': of an exact Gram, the same on every device. 'words': of float64 sums, the same wherever the taps are; of the taps or the
   * weight themselves where no Gram is made of them (`estimate`).
   */
  of: z.enum(['integers', 'words']),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** What is known of a spectrum too large to be solved, beside its largest eigenvalues: stochastic Lanczos quadrature. */
export const Estimate = z.object({
  probes: count,
  /** Lanczos steps for each probe. */
  steps: count,
  /** Eigenvalues at or below count as dead in what follows. */
  cut: z.number().min(0),
  trace: z.number().min(0),
  /** 95 % interval of the number of eigenvalues above the cut. */
  living: z.tuple([z.number(), z.number()]),
  /** 95 % interval of log det+, or null and why it is not resolved. */
  logDetPlus: z.tuple([z.number(), z.number()]).nullable(),
  reason: sentence.nullable(),
  density: z.object({
    /** Eigenvalues, ascending, evenly spaced on a log axis. */
    x: z.array(z.number()).max(1000),
    /** Estimated number of eigenvalues for each decade around x, smoothed by Gaussians of at least `width` decades. */
    perDecade: z.array(z.number()).max(1000),
    /** Estimated number of eigenvalues above x. */
    above: z.array(z.number()).max(1000),
    width: z.number().min(0),
  }),
});

export const Spectrum = z.object({
  tap: Tap,
  gram: GramHash,
  /** Width d of the tap. */
  dimension: count,
  /** Rows (samples, or samples x positions) that the Gram was averaged over. */
  rows: count,
  /** Eigenvalues of the Gram / rows, descending: all of them where covers = 'all'; else zeros at least are left out. */
  eigenvalues: z.array(z.number()).max(100_000),
  /** |G v - lambda v| for each pair, in the units of the eigenvalues; null where it was not checked. */
  residuals: z.array(z.number().nullable()).max(100_000),
  /** Up to here an eigenvalue is not known to `digits` digits: censored, counted as dead, never read as a value. */
  floor: z.number().min(0),
  /** Significant digits that an eigenvalue above the floor is known to. */
  digits: z.int().min(1).max(MOST_DIGITS),
  /** Floors of one digit by source, roundoff of the taps and of the Gram with its decomposition, and the most digits that there are. */
  noise: z.object({ forward: z.number().min(0), solver: z.number().min(0), digits: z.int().min(1).max(MOST_DIGITS) }),
  covers: z.enum(['all', 'head']),
  /** Eigenvalues above the floor, and the rest; null where only the largest are known. */
  rank: count.nullable(),
  deficit: count.nullable(),
  /** rows < dimension: missing rank is sampling, not singularity. */
  sampleLimited: z.boolean(),
  method: z.string().max(200),
  readings: z.array(Reading).max(64),
  /** Only where `covers` is 'head' and eigenvalues other than zero are missing. */
  estimate: Estimate.optional(),
});

export const Layer = z.object({
  name,
  /** 'linear', 'embedding', 'attention projection', 'unembedding', … for people. */
  kind: z.string().max(64),
  /** Width of the layer's output. */
  width: count,
  /** What stands between pre-activation and activation: 'relu', 'linear', … */
  activation: z.string().max(32),
});

export const TensorLine = z.object({
  name,
  dtype: z.string().max(32),
  shape: z.array(count).max(64),
  status: z.enum(['analysed', 'used', 'buffer', 'unused', 'excluded', 'unsupported']),
  /** Why, when it is not plainly analysed. */
  reason: sentence.nullable(),
});

/** What the app had to assume about a model, and what else the person may choose. */
export const Choice = z.object({
  /** 'activation', 'normalization', 'attention', 'loss'. */
  key: z.string().max(32),
  value: z.string().max(64),
  options: z.array(z.string().max(64)).max(32),
  /** True when the file did not say and nobody chose. */
  assumed: z.boolean(),
  /** How the value was found, one sentence. */
  evidence: sentence,
});

export const ModelSummary = z.object({
  /** Registry key: 'mlp', 'transformer-lens', 'tensors' (no known architecture). */
  architecture: z.string().max(64),
  /** 'MLP 8 → 32 → 32 → 4, ReLU' */
  title: z.string().max(400),
  parameters: z.number().min(0),
  evidence: z.array(sentence).max(100),
  /** Transposes, folds and splits that were applied, one sentence each. */
  transforms: z.array(sentence).max(1000),
  /** Groups of tied tensors. */
  tied: z.array(z.array(name).max(100)).max(1000),
  choices: z.array(Choice).max(16),
});

export const CheckpointSummary = z.object({
  format: z.string().max(64),
  name,
  files: z.array(z.object({ name, size: z.number().min(0) })).max(10_000),
  fingerprint: z.string().max(100),
  warnings: z.array(sentence).max(1000),
  /** Capped at 20 000 lines; `tensorCount` is the truth. */
  tensors: z.array(TensorLine).max(20_000),
  tensorCount: count,
  /** Losses that the files record, as they call them. */
  losses: z.array(z.object({ name: z.string().max(1000), value: z.number() })).max(16).optional(),
});

export const ProbeSummary = z.object({
  /** 'gaussian', 'tokens', 'file', 'pictures', 'text', 'none' */
  kind: z.string().max(32),
  description: sentence,
  /** Samples N. */
  samples: count,
  /** Positions T per sample (1 for vectors). */
  positions: count,
  seed: z.number(),
  loss: z.enum(LOSSES).nullable(),
  fisher: z.enum(FISHERS).nullable(),
  /** Mean loss per sample over the probe, null when there are no targets. */
  meanLoss: z.number().nullable(),
  /** Labels that carry a loss (samples, or samples x positions); absent where there are no targets. */
  labels: count.optional(),
  /** What the probe records of the network's outputs, and how far they are from those that were computed here (probe/recorded.ts). */
  recorded: z
    .object({ name: z.string().max(1000), values: count, difference: z.number().min(0), rounding: z.number().min(0), probabilities: z.boolean() })
    .nullable()
    .optional(),
  /** Width of the network's output. */
  outputs: count.optional(),
  /** Everything that was done to a dropped probe, and what it rests on. */
  evidence: z.array(sentence).max(100).optional(),
  /** SHA-256 of the inputs and targets of a dropped probe as they were run. */
  content: z.string().regex(/^[0-9a-f]{64}$/).optional(),
});

export const Skipped = z.object({ layer: name, side: z.enum(SIDES).nullable(), reason: sentence });

/** Multiply-adds per second. */
const Rates = z.object({
  /** A matrix product, as layers make them: float32 on a GPU, float64 on a CPU. */
  matmul: z.number().positive(),
  /** An exact (hi + lo) Gram, rows * d^2 operations; on a CPU, of one core. */
  gram: z.number().positive(),
});

export const BackendChoice = z.object({
  /** Why this backend ran. */
  reason: sentence,
  /** The GPU that was looked at; null where none was. */
  adapter: z.string().max(400).nullable(),
  /** Speeds measured on this machine; null where they were not. */
  rates: z.object({ gpu: Rates, cpu: Rates }).nullable(),
});

export const NormReading = z.object({
  layer: name,
  kind: z.enum(['layer-norm', 'rms-norm']),
  width: count,
  /** Whether its readers have the dead direction gamma^-1, whatever the data. */
  kernel: z.boolean(),
  /** Its gamma is in the weights of its readers: here it is one. */
  folded: z.boolean(),
  /** Linear maps that read it, with weights of their own. */
  readers: count,
  /** Largest over smallest |gamma|; null where one is zero, or not finite. */
  condition: z.number().min(1).nullable(),
  /** Entries of gamma under 1e-4 of the largest. */
  nearlyZero: count,
});

export const MemoryRoute = z.object({
  /** whole: all weights are in memory at once. streamed: part by part, to the same bits. */
  route: z.enum(['whole', 'streamed']),
  /** Estimated peak, and what it may take (null: nobody set a bound), in bytes. */
  needs: z.number().min(0),
  bound: z.number().min(0).nullable(),
  reason: sentence,
});

export const Provenance = z.object({
  app: z.string().max(64),
  /** 'cpu-f64' or 'webgpu' */
  backend: z.string().max(32),
  device: z.string().max(400),
  /** ISO 8601. */
  createdAt: z.string().max(40),
  seconds: z.number().min(0),
  /** Seconds by phase: 'read', 'forward', 'gram', 'eigen', 'directions'. */
  phases: z.record(z.string().max(32), z.number()),
  /** True when the run was cancelled: what is here is complete, the rest is missing. */
  partial: z.boolean(),
  /** One SHA-256 over the Grams of all spectra: equal where the analysis was reproduced bit for bit. Null while it runs. */
  grams: z.string().regex(/^[0-9a-f]{64}$/).nullable(),
  /** How the backend came to be; absent where the caller brought it along. */
  choice: BackendChoice.optional(),
  /** How a network was run, and why so; absent where there was none, or its parts are not known. */
  memory: MemoryRoute.optional(),
});

export const Report = z.object({
  kind: z.literal('deadreckon-report'),
  schema: z.literal(REPORT_SCHEMA),
  /** What was asked for, with every default filled in. */
  request: Request,
  checkpoint: CheckpointSummary,
  model: ModelSummary,
  probe: ProbeSummary,
  layers: z.array(Layer).max(20_000),
  /** Every norm of a network that runs, from its parameters alone. */
  norms: z.array(NormReading).max(20_000).optional(),
  spectra: z.array(Spectrum).max(100_000),
  skipped: z.array(Skipped).max(100_000),
  /** Absent where nobody asked for directions. */
  directions: z.array(Direction).max(100_000).optional(),
  audit: z.array(AuditLine).max(20_000).optional(),
  triple: Triple.optional(),
  provenance: Provenance,
});

export type Report = z.infer<typeof Report>;
export type Spectrum = z.infer<typeof Spectrum>;
export type Estimate = z.infer<typeof Estimate>;
export type Reading = z.infer<typeof Reading>;
export type Tap = z.infer<typeof Tap>;
export type Side = (typeof SIDES)[number];
export type Layer = z.infer<typeof Layer>;
export type Choice = z.infer<typeof Choice>;
export type BackendChoice = z.infer<typeof BackendChoice>;
export type NormReading = z.infer<typeof NormReading>;
export type MemoryRoute = z.infer<typeof MemoryRoute>;
export type ModelSummary = z.infer<typeof ModelSummary>;
export type CheckpointSummary = z.infer<typeof CheckpointSummary>;
export type TensorLine = z.infer<typeof TensorLine>;
export type ProbeSummary = z.infer<typeof ProbeSummary>;
export type Skipped = z.infer<typeof Skipped>;
export type GramHash = z.infer<typeof GramHash>;
