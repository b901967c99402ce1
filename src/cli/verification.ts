/** `verify`: an analysis run again, and its Grams compared with a report's. */
import { compareGrams, type Verification } from '../analysis/fingerprint';
import type { Report } from '../analysis/report';

export interface Verified extends Verification {
  readonly checkpoint: string;
  readonly verified: boolean;
}

export function verify(given: Report, made: Report): Verified {
  const found = compareGrams(given.spectra, made.spectra);
  return { checkpoint: given.checkpoint.name, verified: found.different.length + found.missing.length === 0, ...found };
}

export function verificationText({ checkpoint, verified, same, different, missing }: Verified): string {
  const total = same + different.length + missing.length;
  if (verified) return `${checkpoint}: verified. All ${total} Gram matrices have the bits of the report.\n`;
  return [
    `${checkpoint}: not verified. ${same} of ${total} Gram matrices have the bits of the report.`,
    ...different.map(({ layer, side, largest }) => `  ${layer} (${side}): other bits; the largest eigenvalue is ${largest === 0 ? 'the same' : `off by ${largest.toExponential(1)} of itself`}`),
    ...missing.map(({ layer, side }) => `  ${layer} (${side}): only in one of the two`),
    '',
  ].join('\n');
}
