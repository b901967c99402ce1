/** The settings of a sampling as they are typed: text, until it can be read. */
import { LlcRequest } from '../analysis/llc-record';

export interface LlcDraft {
  chains: string;
  burnIn: string;
  draws: string;
  /** Empty: by calibration. */
  step: string;
  /** One, or several with commas. */
  gammas: string;
  /** Empty: n / log n. */
  nbeta: string;
  /** Empty: all samples at every step. */
  batch: string;
  /** Empty: that of the probe. */
  seed: string;
  adjusted: boolean;
  rmsprop: boolean;
}

export type LlcField = Exclude<keyof LlcDraft, 'adjusted' | 'rmsprop'>;

export const blankLlc: LlcDraft = { chains: '4', burnIn: '500', draws: '1500', step: '', gammas: '1', nbeta: '', batch: '', seed: '', adjusted: false, rmsprop: false };

const WANTED: Record<LlcField, string> = {
  chains: 'a whole number from 1 to 1000',
  burnIn: 'a whole number of at least 0',
  draws: 'a whole number of at least 2',
  step: 'a number above 0, or nothing for the calibration',
  gammas: 'a number of at least 0, or up to 8 with commas',
  nbeta: 'a number above 0, or nothing for n / log n',
  batch: 'a whole number of at least 1, or nothing for all samples',
  seed: 'a whole number from 0 to 4294967295, or nothing for that of the probe',
};

const OPTIONAL: ReadonlySet<LlcField> = new Set(['step', 'nbeta', 'batch', 'seed']);
const FIELDS = Object.keys(WANTED) as LlcField[];

/** Why a field cannot be used; null where it can. `samples`: of the probe. */
export function llcComplaint(field: LlcField, draft: LlcDraft, samples: number): string | null {
  const value = read(field, draft[field]);
  if (!LlcRequest.shape[field].safeParse(value).success) return `This is ${WANTED[field]}.`;
  if (field !== 'batch' || value === null) return null;
  if ((value as number) > samples) return `The probe has ${samples} samples.`;
  return draft.adjusted && (value as number) < samples ? 'Adjusted steps need the loss over all samples: leave this empty.' : null;
}

/** What the draft asks for; null while a field cannot be used. */
export function llcRequestOf(draft: LlcDraft, samples: number): LlcRequest | null {
  if (FIELDS.some((field) => llcComplaint(field, draft, samples) !== null)) return null;
  const values = Object.fromEntries(FIELDS.map((field) => [field, read(field, draft[field])]));
  return LlcRequest.parse({ ...values, adjusted: draft.adjusted, preconditioner: draft.rmsprop ? 'rmsprop' : 'none' });
}

function read(field: LlcField, text: string): unknown {
  const trimmed = text.trim();
  if (field === 'gammas') return trimmed.split(',').map(number);
  return trimmed === '' && OPTIONAL.has(field) ? null : number(trimmed);
}

/** NaN, which no schema takes, for what is no number. */
function number(text: string): number {
  return text.trim() === '' ? NaN : Number(text);
}
