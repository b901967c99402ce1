/**
 * What the norms of a network say by their parameters alone, before anything is run. Behind a LayerNorm sum_j (y_j - beta_j) / gamma_j = 0, so that
 * whatever reads y linearly has the dead direction gamma^-1; an RMSNorm does not centre and has none (paper D; model/symmetries/norms.ts).
 */
import { InputError } from '../base/errors';
import { inverseScale, type NormSite } from '../model/symmetries/norms';
import type { Model } from '../model/types';
import type { NormReading } from './report';

/** A gamma under this part of the largest one counts as zero, as the weights of decayed units do (direction/decayed-units.ts). */
const NEARLY_ZERO = 1e-4;

/** Every norm, in the order of the network. A norm whose tensors cannot be read is left out: the analysis says why. */
export async function readNorms(model: Pick<Model, 'norms' | 'normLayers' | 'parameters'>): Promise<NormReading[]> {
  // Side by side: over a network each of these small tensors is one request.
  const found = await Promise.all((model.normLayers ?? model.norms)().map((site) => readNorm(model, site)));
  return found.filter((reading) => reading !== null);
}

async function readNorm(model: Pick<Model, 'parameters'>, site: NormSite): Promise<NormReading | null> {
  const { layer, kind, width, scale, readers } = site;
  try {
    const parameters = scale === null ? new Map() : await model.parameters(new Set([scale]));
    // 1 / gamma: its extremes are those of gamma, the other way round.
    const sizes = inverseScale(site, parameters).map((g) => 1 / Math.abs(g));
    const [largest, smallest] = [sizes.reduce((a, b) => Math.max(a, b), 0), sizes.reduce((a, b) => Math.min(a, b), Infinity)];
    const condition = largest / smallest;
    return {
      layer,
      kind,
      width,
      kernel: kind === 'layer-norm',
      folded: scale === null,
      readers: readers.length,
      condition: Number.isFinite(condition) ? condition : null,
      nearlyZero: sizes.reduce((count, g) => count + (g <= NEARLY_ZERO * largest ? 1 : 0), 0),
    };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return null;
  }
}
