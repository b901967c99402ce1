/** What a spectrum and a report say, in words. Every number is one of the report's. */
import { VERDICTS } from '../analysis/directions-schema';
import { count, counted, duration, scientific } from '../figure/number';
import type { Report, Spectrum } from '../analysis/report';

const nouns = { activation: 'activation', gradient: 'gradient', parameter: 'sample', weight: 'weight' } as const;

export function spectrumSentence(s: Spectrum, threshold: number): string {
  const directions = `${nouns[s.tap.side]} directions`;
  if (s.dimension === 0) return 'This tap is empty: there is nothing to read.';
  const below =
    threshold > 0
      ? `the floor or your cut at ${scientific(threshold, 2)} of the largest`
      : `the floor of this computation (${scientific(s.floor, 2)})`;
  if (s.tap.side === 'weight') return weightSentence(s, below);
  if (s.rank === 0) return `All ${count(s.dimension)} ${directions} are below ${below}: nothing is alive here on this probe.`;
  if (s.sampleLimited) {
    return `Only ${count(s.rows)} rows were read for ${count(s.dimension)} units, so ${count(s.deficit)} missing ${s.deficit === 1 ? 'direction says' : 'directions say'} more about the probe than about the network. Ask for more samples.`;
  }
  if (s.deficit === 0) {
    const some =
      s.covers === 'head'
        ? `The ${count(s.eigenvalues.length)} largest of ${count(s.dimension)} ${directions} were computed and`
        : `All ${count(s.dimension)} ${directions}`;
    return `${some} are above ${below}: none is dead on this probe.`;
  }
  const verb = s.deficit === 1 ? 'is' : 'are';
  return `${count(s.deficit)} of ${count(s.dimension)} ${directions} ${verb} below ${below}: dead on this probe of ${count(s.rows)} rows, and not limited by samples.`;
}

/** A tensor has no probe: its missing rank is its own. */
function weightSentence(s: Spectrum, below: string): string {
  if (s.deficit === 0) return `All ${count(s.dimension)} weight directions are above ${below}: the tensor has full rank.`;
  return `${count(s.deficit)} of ${count(s.dimension)} weight directions ${s.deficit === 1 ? 'is' : 'are'} below ${below}: the tensor has rank ${count(s.rank)}.`;
}

/** Which backend, in words. */
export function backendName(backend: string): string {
  return backend === 'cpu-f64' ? 'CPU float64' : backend === 'webgpu' ? 'WebGPU' : backend;
}

/** A paragraph for a paper's methods section. */
export function methodsParagraph(report: Report): string {
  const { checkpoint, model, probe, provenance, spectra } = report;
  const methods = [...new Set(spectra.map((s) => s.method))];
  const jackknife = spectra.some((s) => s.readings.some((r) => r.uncertainty !== null));
  const floors = spectra.flatMap((s) => (s.eigenvalues[0]! > 0 && s.floor > 0 ? [s.floor / s.eigenvalues[0]!] : []));
  const parts = [
    `Spectra of ${checkpoint.name} (${checkpoint.fingerprint}; ${model.title}; ${count(model.parameters)} parameters) were computed with ${provenance.app} on ${backendName(provenance.backend)} (${provenance.device}).`,
    probe.kind === 'none'
      ? 'No probe was used.'
      : `Probe: ${probe.description}; N = ${count(probe.samples)}${probe.positions > 1 ? `, T = ${count(probe.positions)}` : ''}, seed ${probe.seed}${probe.loss ? `, loss ${probe.loss}` : ''}${probe.fisher ? `, Fisher variant ${probe.fisher}` : ''}.`,
    'Gram matrices are averages over rows (samples, or samples times positions).',
    methods.length > 0 ? `Eigenvalues: ${methods.join('; ')}.` : '',
    floors.length > 0
      ? `Eigenvalues at or below the numerical floor (at most ${scientific(Math.max(...floors), 2)} of the largest) were counted as dead and not read as values.`
      : '',
    jackknife ? 'Uncertainties are jackknife standard errors over blocks of samples.' : '',
    directionsSentence(report),
    `${count(spectra.length)} spectra of ${count(report.layers.length)} layers in ${duration(provenance.seconds)}${provenance.partial ? '; the run was stopped before its end' : ''}.`,
  ];
  return parts.filter(Boolean).join(' ');
}

/** How many of each verdict, and what they add up to. */
function directionsSentence({ directions, triple }: Report): string {
  if (!directions || directions.length === 0) return '';
  const counts = VERDICTS.flatMap((v) => {
    const n = directions.filter((d) => d.verdict === v).length;
    return n > 0 ? [`${count(n)} ${v}`] : [];
  });
  const sum = triple && triple.lambda !== null ? ` Learning coefficient λ = ${triple.lambda}, multiplicity m = ${triple.multiplicity}. ${triple.assumption}` : '';
  return `${counted(directions.length, 'candidate')} for dead directions were read by the order of the best arc: ${counts.join(', ')}.${sum}`;
}

export const bibtex = `@misc{deaddirectionsignatures2026,
  title  = {Dead-Direction Signatures: a cheap spectral reading of singular complexity},
  author = {Shirodkar and Narayanan},
  year   = {2026},
  eprint = {2606.21158},
  archivePrefix = {arXiv}
}

@misc{measuringdeaddirections2026,
  title  = {Measuring Dead Directions: decomposing and classifying singular structure off canonical alignment},
  author = {Shirodkar},
  year   = {2026},
  eprint = {2607.00603},
  archivePrefix = {arXiv}
}`;
