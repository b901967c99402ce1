/** Stochastic Lanczos quadrature: Jacobi matrices of the spectral measures that random probes see (Golub & Meurant 2010, ch. 6 and 11). */
import { Random } from '../base/random';
import { addLane, laneDot, scaleLane } from './blocks';
import type { Steps } from './stepwise';
import type { BlockOperator } from './types';

/** The tridiagonal matrix of one probe: its Gauss rule integrates polynomials of degree 2 m - 1 against mu(v) exactly. */
export interface JacobiMatrix {
  /** [m] */
  readonly diagonal: Float64Array;
  /** [m]: entry i couples i and i + 1; the last one couples to what was not computed, 0 where nothing is left. */
  readonly offDiagonal: Float64Array;
}

export interface QuadratureOptions {
  /** Random probes; taken four at a time, so a multiple of four costs nothing more. */
  readonly probes: number;
  /** Lanczos steps m for each. */
  readonly steps: number;
  readonly seed: number;
}

/** A coupling below this part of |A| is rounding: the Krylov space is complete. */
const NEGLIGIBLE = 2 ** -46;

/**
 * One Jacobi matrix for each probe v, entries +-1 / sqrt(n) (Rademacher): n times the mean of v^T f(A) v is an unbiased estimate of
 * trace f(A). Full reorthogonalisation, so no ghosts; four probes share each product.
 */
export function* probeSpectrum(operator: BlockOperator, { probes, steps, seed }: QuadratureOptions): Steps<JacobiMatrix[]> {
  const random = new Random(seed).split('Rademacher probes');
  const found: JacobiMatrix[] = [];
  while (found.length < probes) {
    const four = yield* fourProbes(operator, Math.min(steps, operator.dimension), random);
    found.push(...four.slice(0, probes - found.length));
  }
  return found;
}

function* fourProbes(operator: BlockOperator, steps: number, random: Random): Steps<JacobiMatrix[]> {
  const n = operator.dimension;
  const unit = 1 / Math.sqrt(n);
  let v: Float64Array = Float64Array.from({ length: 4 * n }, () => (random.bits() & 1 ? unit : -unit));
  const basis: Float64Array[] = [];
  const lanes = Array.from({ length: 4 }, () => ({ diagonal: [] as number[], offDiagonal: [] as number[], size: 0, open: true }));
  for (let step = 0; step < steps && lanes.some((lane) => lane.open); step++) {
    basis.push(v);
    const image = new Float64Array(4 * n);
    yield* operator.apply(v, image);
    for (const [l, lane] of lanes.entries()) {
      if (!lane.open) continue;
      let alpha = 0;
      for (let pass = 0; pass < 2; pass++) {
        for (const [k, q] of basis.entries()) {
          const h = laneDot(q, l, image, l);
          addLane(image, l, -h, q, l);
          if (k === step) alpha += h;
        }
        yield;
      }
      let beta = Math.sqrt(laneDot(image, l, image, l));
      lane.size = Math.max(lane.size, Math.abs(alpha), beta);
      if (beta <= NEGLIGIBLE * lane.size || step === n - 1) beta = 0;
      lane.open = beta > 0;
      lane.diagonal.push(alpha);
      lane.offDiagonal.push(beta);
      scaleLane(image, l, lane.open ? 1 / beta : 0);
    }
    v = image;
  }
  return lanes.map(({ diagonal, offDiagonal }) => ({ diagonal: Float64Array.from(diagonal), offDiagonal: Float64Array.from(offDiagonal) }));
}
