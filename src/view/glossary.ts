/** What every symbol on the page means: definition, formula, where it comes from. */
import { directionTerms } from './glossary-directions';

export interface Entry {
  /** Parts of the symbol: base, superscript, subscript. */
  symbol: { base: string; sup?: string; sub?: string };
  /** The same for screen readers and plain text. */
  name: string;
  definition: string;
  formula: string;
  source: string;
}

const A = 'Dead-Direction Signatures, arXiv 2606.21158';

export const glossary = {
  sigmaMin: {
    symbol: { base: 'σ', sub: 'min' },
    name: 'smallest singular value',
    definition:
      'Smallest singular value of the tap matrix X (rows are samples), scaled by 1/√rows. Zero means that some combination of units never varies on this probe. At the floor only an upper bound is known.',
    formula: 'σ_min = √λ_min(XᵀX / rows)',
    source: `${A} (there without the 1/√rows)`,
  },
  lambdaPlusMin: {
    symbol: { base: 'λ', sup: '+', sub: 'min' },
    name: 'smallest eigenvalue above the floor',
    definition:
      'Smallest eigenvalue of the Gram that is larger than its floor: the rate observable. It does not see how many directions are dead.',
    formula: 'λ⁺_min = min {λ_i : λ_i > floor}',
    source: A,
  },
  lambdaMax: {
    symbol: { base: 'λ', sub: 'max' },
    name: 'largest eigenvalue',
    definition: 'Largest eigenvalue of the Gram. Relative spectra are divided by it.',
    formula: 'λ_max = max_i λ_i',
    source: 'definition',
  },
  logDetPlus: {
    symbol: { base: 'log det', sup: '+' },
    name: 'log pseudo-determinant',
    definition:
      'Sum of the natural logarithms of the eigenvalues above the floor: the volume observable. With r directions dying together its slope is r times that of one. Compare it only between spectra of equal rank.',
    formula: 'log det⁺ = Σ ln λ_i over λ_i > floor',
    source: A,
  },
  rank: {
    symbol: { base: 'rank' },
    name: 'numerical rank',
    definition: 'Number of eigenvalues above the floor (and above your cut, if there is one).',
    formula: '#{i : λ_i > floor}',
    source: 'definition',
  },
  deficit: {
    symbol: { base: 'deficit' },
    name: 'rank deficit',
    definition:
      'Eigenvalues at or below the floor: directions that are dead on this probe. With fewer rows than units the missing rank is sampling, not a property of the network.',
    formula: 'width − rank',
    source: 'definition',
  },
  stableRank: {
    symbol: { base: 'stable rank' },
    name: 'stable rank',
    definition: 'Number of directions that carry weight: it moves little when tiny eigenvalues do.',
    formula: 'Σ λ_i / λ_max',
    source: 'Rudelson and Vershynin 2007',
  },
  trace: {
    symbol: { base: 'trace' },
    name: 'trace',
    definition: 'Sum of the eigenvalues: the mean squared length of a row.',
    formula: 'Σ λ_i',
    source: 'definition',
  },
  floor: {
    symbol: { base: 'floor' },
    name: 'numerical floor',
    definition:
      'Size up to which roundoff of the forward and backward pass, of the Gram and of the eigensolver leaves an eigenvalue without the digits that it should have. What lies below is counted as dead and never read as a value.',
    formula: 'floor = max(64 (u κ)² Σλ · 100^(p−1), 2⁻⁸⁴ Σλ · 10^(p−1)): roundoff u of the layers (none for weights), cancellation κ of the loss gradient, p digits',
    source: 'Weyl’s inequality, with guards that the tests measure',
  },
  digits: {
    symbol: { base: 'digits' },
    name: 'digits above the floor',
    definition:
      'Significant digits that an eigenvalue above the floor is known to. Fewer digits lower the floor: more of the tail is read, less exactly. Nothing is computed again. Usually nine of double-precision layers, less those that a small loss gradient loses; one of single-precision layers, which have three; one of weights and recorded taps.',
    formula: '|λ − true λ| ≤ 10^(−p) λ for λ > floor',
    source: 'your choice; empty leaves the usual',
  },
  threshold: {
    symbol: { base: 'cut' },
    name: 'relative cut',
    definition:
      'Eigenvalues below this fraction of the largest count as dead too, even where they are above the floor. Ranks and readings follow at once; nothing is computed again.',
    formula: 'dead if λ_i ≤ max(floor, cut · λ_max)',
    source: 'your choice; 0 leaves the floor alone',
  },
  uncertainty: {
    symbol: { base: '±' },
    name: 'jackknife standard error',
    definition:
      'Standard error of a reading, from leaving out one block of samples at a time. It measures sampling, not roundoff: that is the floor.',
    formula: 'se² = (b−1)/b · Σ (θ_(i) − θ̄)²',
    source: 'Efron and Tibshirani 1993',
  },
  activation: {
    symbol: { base: 'activation' },
    name: 'activation Gram',
    definition: 'Gram of the layer’s outputs after its nonlinearity. Units: activation squared.',
    formula: 'XᵀX / rows, X [rows, width]',
    source: A,
  },
  gradient: {
    symbol: { base: 'gradient' },
    name: 'Fisher-Gram of the gradients',
    definition:
      'Gram of the per-sample loss gradients at the layer’s pre-activation. Units: loss squared per pre-activation squared.',
    formula: 'ΔᵀΔ / rows, δ_i = ∂loss_i/∂z',
    source: A,
  },
  parameter: {
    symbol: { base: 'parameter' },
    name: 'Gram of parameter gradients',
    definition:
      'Inner products of the samples’ gradients with respect to the layer’s parameters; it has the nonzero spectrum of the layer’s Fisher block.',
    formula: 'K_ij = ⟨g_i, g_j⟩ / N, K [N, N]',
    source: A,
  },
  weight: {
    symbol: { base: 'weight' },
    name: 'weight spectrum',
    definition: 'Squared singular values of the tensor itself: no probe is involved.',
    formula: 'eigenvalues of WᵀW',
    source: 'definition',
  },
  rows: {
    symbol: { base: 'rows' },
    name: 'rows of the tap',
    definition: 'Samples, or samples times positions where weights are shared over positions. The rank cannot be larger.',
    formula: 'N, or N · T',
    source: 'definition',
  },
  width: {
    symbol: { base: 'width' },
    name: 'width of the tap',
    definition: 'Number of units, so also the number of eigenvalues.',
    formula: 'd',
    source: 'definition',
  },
  ...directionTerms,
} as const satisfies Record<string, Entry>;

export type TermName = keyof typeof glossary;

/** Settings are not symbols: one sentence each. */
export const settingHelp = {
  probe:
    'The inputs on which the network is read: made here from the seed, or dropped: a file with "inputs" and optional "targets" and "outputs" (those of another program, to compare), PNG pictures, or a text beside tokenizer.json.',
  samples: 'Number of inputs N. Ask for several times the widest layer, or its missing rank is only sampling.',
  positions: 'Positions T of each input of a token model; a layer that is shared over positions gives N · T rows.',
  seed: 'Start of every random choice: the same seed gives the same probe, labels and numbers.',
  loss: 'Per-sample loss whose gradient is read: mse is ½|f − y|², ce is −log p(y).',
  fisher: 'Which labels the gradients are taken at.',
  layers: 'Layers to analyse, as names with * and ?, separated by commas. Empty means all.',
  activationsOnly: 'No gradients: one pass forward, up to the last layer that is selected, in less time and memory.',
  memory: 'The most that an analysis may take, in gigabytes; empty means half of what this machine has. A network that would take more is read and run part by part, to the same bits.',
  backend:
    'cpu-f64 computes all in double precision; webgpu runs the layers on the graphics card in single precision, with a higher floor. Automatic takes WebGPU only where it saves a long wait, by measured speeds.',
  folds: 'Blocks of samples for the jackknife error bars. More blocks cost more eigensolves; 0 gives none.',
  directions:
    'Also read dead directions: the order of each, whether it is a singularity or a symmetry, and what they add up to. It takes longer than the spectra.',
  parameter: 'Also build, for every layer, the N × N Gram of the per-sample gradients of its parameters.',
} as const;

export const fisherHelp = {
  empirical: 'Gradients at the targets of the probe: cheap, but they vanish where the network fits its labels.',
  sampled: 'Gradients at labels drawn from the network’s own prediction: unbiased for the Fisher, with sampling noise.',
  exact: 'The expectation over the network’s own prediction, label by label: no label noise, the most work.',
} as const;
