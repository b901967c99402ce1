/** The words of the Directions view; `glossary.ts` has them all. */
import type { Entry } from './glossary';

const B = 'Measuring Dead Directions, arXiv 2607.00603';
const WATANABE = 'Watanabe 2009';

export const directionTerms = {
  detector: {
    symbol: { base: 'detector' },
    name: 'detector',
    definition:
      'What proposed the direction: dead or duplicated units, the tail of a spectrum, a kernel of a norm, a symmetry of the architecture. A detector only proposes; the order decides.',
    formula: 'a unit vector u of weight space',
    source: B,
  },
  lineOrder: {
    symbol: { base: 'line' },
    name: 'order on the straight line',
    definition:
      'First power of t at which the outputs move along w₀ + t u. A symmetry whose orbit is curved shows order 2 here although it moves nothing, so this order alone is no verdict. ∞: nothing shows.',
    formula: 'F(w₀ + t u) − F(w₀) ~ tᵏ',
    source: B,
  },
  order: {
    symbol: { base: 'k' },
    name: 'order of a direction',
    definition:
      'First power of t at which the outputs move whatever the path, as long as it leaves in this direction. It does not depend on the coordinates of weight space. 1 is alive, 2 or more is singular, ∞ is flat.',
    formula: 'k = max over arcs w₀ + t u + t² u₂ + … of the first power left',
    source: 'Lyapunov–Schmidt reduction along one direction',
  },
  coefficient: {
    symbol: { base: '1/(2k)' },
    name: 'slice of the learning coefficient',
    definition:
      'The learning coefficient of the curve through this direction alone; 0 where it is flat. Slices are bounds: they do not simply add up to λ.',
    formula: '1/(2k)',
    source: B,
  },
  regular: {
    symbol: { base: 'regular' },
    name: 'verdict: regular',
    definition: 'The outputs move at first order. The direction is alive after all.',
    formula: 'k = 1',
    source: 'definition',
  },
  singular: {
    symbol: { base: 'singular' },
    name: 'verdict: singular',
    definition: 'The outputs stay still at first order and move at a higher one, whatever the path: a genuine singularity.',
    formula: '2 ≤ k < ∞',
    source: B,
  },
  gauge: {
    symbol: { base: 'gauge' },
    name: 'verdict: gauge',
    definition: 'The outputs need not move at all, by a known symmetry of the architecture: the direction lies in the span of its generators.',
    formula: 'k = ∞ and u in the span of known generators',
    source: B,
  },
  'flat fibre': {
    symbol: { base: 'flat fibre' },
    name: 'verdict: flat fibre',
    definition:
      'The outputs need not move up to the highest order that was read, and no known symmetry says why: capacity that this network does not use on this probe.',
    formula: 'no obstruction, and u outside the span of known generators',
    source: 'definition',
  },
  unresolved: {
    symbol: { base: 'unresolved' },
    name: 'verdict: unresolved',
    definition: 'Nothing is claimed: the arithmetic, the probe or a closed gate leaves more than one answer. The evidence says which.',
    formula: 'no k',
    source: 'definition',
  },
  magnitude: {
    symbol: { base: 'magnitude' },
    name: 'magnitude against the live scale',
    definition:
      'How much of a generic Taylor coefficient of the same order is there: of a singular direction what survives at its order, of a flat one the most that is left at any (≤). Near 1 is as large as anything alive; far below is roundoff.',
    formula: '|what is left of c_k| / |generic c_k|',
    source: 'definition',
  },
  directionalFisher: {
    symbol: { base: 'F', sub: 'u' },
    name: 'directional Fisher',
    definition: 'How fast the outputs move along the straight line, at step t. On log-log axes its slope gives the order on the line.',
    formula: 'F_u(t) = |DF(w₀ + t u) u|² ~ t^(2(k−1))',
    source: B,
  },
  divergence: {
    symbol: { base: 'KL' },
    name: 'divergence along the line',
    definition:
      'How far the outputs have gone at step t, as a Kullback–Leibler divergence (unit noise for mse, the metric of centred logits for ce). Together with F_u it gives the order without any fit.',
    formula: 'KL ~ t^(2k), and k ≈ √(t² F_u / 2 KL)',
    source: 'Dead Directions, arXiv 2606.05957',
  },
  slope: {
    symbol: { base: 'slope' },
    name: 'slope of the fit',
    definition:
      'Slope of ln F_u against ln t over the window, with a 95 % interval that is widened by how much the two halves of the window disagree. A whole order is named only where the interval holds exactly one.',
    formula: 'k = 1 + slope / 2',
    source: 'least squares',
  },
  fitWindow: {
    symbol: { base: 'window' },
    name: 'window of the fit',
    definition:
      'It opens at the smallest step whose F_u is above the floor, and closes where the slope between neighbours has left that of its start by 0.15.',
    formula: '[t₁, t₂]',
    source: 'stated rule',
  },
  obstruction: {
    symbol: { base: 'obstruction' },
    name: 'obstruction by order',
    definition:
      'What is left of each Taylor coefficient of the outputs: along the straight line, and after the arc has absorbed all that the live directions can take back. The first that survives gives the order.',
    formula: '|(1 − P) c_j| / |generic c_j|, P onto the range of the Jacobian',
    source: 'Lyapunov–Schmidt reduction along one direction',
  },
  lambda: {
    symbol: { base: 'λ' },
    name: 'learning coefficient',
    definition: 'How fast the volume of near-optimal weights shrinks; half the number of parameters where nothing is dead.',
    formula: 'volume{K < ε} ~ ε^λ (−ln ε)^(m−1)',
    source: WATANABE,
  },
  multiplicity: {
    symbol: { base: 'm' },
    name: 'multiplicity',
    definition: 'How many loci share the smallest coefficient where they cross.',
    formula: 'order of the pole at −λ',
    source: WATANABE,
  },
  nu: {
    symbol: { base: 'ν' },
    name: 'singular fluctuation',
    definition: 'Half of the variance of the loss over the posterior, at n → ∞; what a trained network realises lies at or below it.',
    formula: 'ν = lim (β/2) E[V]',
    source: WATANABE,
  },
  found: {
    symbol: { base: 'found' },
    name: 'null dimensions found',
    definition: 'Dimensions of the layer’s weights and bias that do not move the outputs at first order.',
    formula: 'parameters − rank J_layer',
    source: 'definition',
  },
  expected: {
    symbol: { base: 'symmetries' },
    name: 'null dimensions of symmetries',
    definition: 'Of them, those that exact symmetries of the architecture account for inside this layer alone.',
    formula: 'dim span of the generators inside the layer',
    source: B,
  },
  inputKernel: {
    symbol: { base: 'input kernel' },
    name: 'input kernel',
    definition: 'Dimensions that multiply inputs which never occur on this probe: flat here, whatever the architecture.',
    formula: 'outputs × dim ker(inputs)',
    source: 'definition',
  },
  gradientKernel: {
    symbol: { base: 'gradient kernel' },
    name: 'gradient kernel',
    definition: 'Dimensions that feed units which nothing reads: dead at first order, singular or flat by their order.',
    formula: 'dim ker(gradients) × inputs',
    source: 'definition',
  },
  unexplained: {
    symbol: { base: 'unexplained' },
    name: 'unexplained null dimensions',
    definition: 'What was found less the span of symmetries and both kernels together.',
    formula: 'found − dim span',
    source: 'definition',
  },
} as const satisfies Record<string, Entry>;
