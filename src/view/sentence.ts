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
      : `the floor of this computation (${scientific(s.floor, 2)}, ${digitsWords(s.digits)})`;
  if (s.rank === null || s.deficit === null) return headSentence(s, directions, below);
  if (s.tap.side === 'weight') return weightSentence(s, s.rank, s.deficit, below);
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
  return `${count(s.deficit)} of ${count(s.dimension)} ${directions} ${verb} below ${below}: ${coarse(s, s.rank) ?? `dead on this probe of ${count(s.rows)} rows, and not limited by samples`}.`;
}

/** What is below a floor of several digits may be known to fewer; null where not one digit is known of any. */
function coarse(s: Spectrum, rank: number): string | null {
  const known = s.eigenvalues.slice(rank).filter((x) => x <= s.floor && x > Math.max(s.noise.forward, s.noise.solver)).length;
  if (known === 0) return null;
  const them = known === s.deficit ? (known === 1 ? 'it is' : 'all are') : `${count(known)} of them ${known === 1 ? 'is' : 'are'}`;
  return `counted as dead, but ${them} known to fewer digits`;
}

/** What stands above a floor. */
export function digitsWords(digits: number): string {
  return digits === 1 ? 'one digit above it' : `${digits} digits above it`;
}

/** Too large to be solved: what is known of the small end is an estimate. */
function headSentence(s: Spectrum, directions: string, below: string): string {
  const living = s.readings.find((r) => r.name === 'rank')?.interval;
  const known = `The ${count(s.eigenvalues.length)} largest of ${count(s.dimension)} ${directions} were computed`;
  return living
    ? `${known}; between ${count(Math.floor(living[0]))} and ${count(Math.ceil(living[1]))} of all are above ${below} (95 %, by random probes).`
    : `${known}; the others were estimated by random probes.`;
}

/** A tensor has no probe: its missing rank is its own. */
function weightSentence(s: Spectrum, rank: number, deficit: number, below: string): string {
  if (deficit === 0) return `All ${count(s.dimension)} weight directions are above ${below}: the tensor has full rank.`;
  return `${count(deficit)} of ${count(s.dimension)} weight directions ${deficit === 1 ? 'is' : 'are'} below ${below}: ${coarse(s, rank) ?? `the tensor has rank ${count(rank)}`}.`;
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
  const digits = Math.min(...spectra.map((s) => s.digits));
  const parts = [
    `Spectra of ${checkpoint.name} (${checkpoint.fingerprint}; ${model.title}; ${count(model.parameters)} parameters) were computed with ${provenance.app} on ${backendName(provenance.backend)} (${provenance.device}).`,
    probe.kind === 'none'
      ? 'No probe was used.'
      : `Probe: ${probe.description}; N = ${count(probe.samples)}${probe.positions > 1 ? `, T = ${count(probe.positions)}` : ''}, seed ${probe.seed}${probe.loss ? `, loss ${probe.loss}` : ''}${probe.fisher ? `, Fisher variant ${probe.fisher}` : ''}.${probe.evidence?.length ? ` How it was made: ${probe.evidence.map((s) => s.replace(/\.$/, '')).join('; ')}.` : ''}`,
    'Gram matrices are averages over rows (samples, or samples times positions).',
    methods.length > 0 ? `Eigenvalues: ${methods.join('; ')}.` : '',
    floors.length > 0
      ? `Eigenvalues at or below the numerical floor (at most ${scientific(Math.max(...floors), 2)} of the largest) were counted as dead and not read as values; those above it are known to ${digits === 1 ? 'one digit' : `${digits} digits`} or more.`
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
