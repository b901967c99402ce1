/** The protocol of an experiment as it is being typed: text until every field of it can be read. */
import { sameValue, valueComplaint, type ExperimentBackend, type ExperimentOrder } from '../analysis/experiment-order';
import type { ExperimentRecord, ExperimentSummary, ProtocolField, ProtocolSize, ProtocolValue } from '../analysis/experiment-record';

export interface ExperimentDraft {
  size: ProtocolSize;
  seed: string;
  backend: ExperimentBackend;
  /** What was typed over the size's own values, by key. */
  typed: Record<string, string>;
}

export const blankCard: ExperimentDraft = { size: 'small', seed: '0', backend: 'cpu-f64', typed: {} };

const seedField = { small: 0, least: 0, most: 4294967295, integer: true };

/** What stands in a field. */
export function fieldText({ key, ...sizes }: ProtocolField, { size, typed }: ExperimentDraft): string {
  return typed[key] ?? listText(sizes[size]);
}

/** '2, 3, 4' */
export function listText(value: ProtocolValue): string {
  return typeof value === 'number' ? String(value) : value.join(', ');
}

/** A number, or several with commas; one comma more at the end is somebody still typing. Null where a part is no number. */
export function readValue(text: string, list: boolean): ProtocolValue | null {
  const parts = text.replace(/(?<=[^,\s])\s*,\s*$/, '').split(',').map((part) => part.trim());
  const values = parts.map(Number);
  if (parts.some((part) => part === '') || values.some((v) => !Number.isFinite(v))) return null;
  return list || values.length > 1 ? values : values[0]!;
}

/** What is wrong with a field, as a sentence; null where nothing is. */
export function fieldComplaint(field: ProtocolField, draft: ExperimentDraft): string | null {
  return complaint(field, fieldText(field, draft));
}

export function seedComplaint({ seed }: Pick<ExperimentDraft, 'seed'>): string | null {
  return complaint(seedField, seed);
}

function complaint(field: Pick<ProtocolField, 'small' | 'least' | 'most' | 'integer'>, text: string): string | null {
  const value = readValue(text, typeof field.small !== 'number');
  const found = value === null ? valueComplaint(field, [])!.replace(/, not empty$/, '') : valueComplaint(field, value);
  return found && `This ${found}${value === null ? (text.trim() === '' ? '; the field is empty' : `; '${text.trim().slice(0, 40)}' is not`) : ''}.`;
}

/** Null where a field cannot be used. */
export function orderOf({ name, fields }: ExperimentSummary, draft: Omit<ExperimentDraft, 'backend'>): ExperimentOrder | null {
  if (complaint(seedField, draft.seed) !== null) return null;
  const changes: Record<string, ProtocolValue> = {};
  for (const [key, text] of Object.entries(draft.typed)) {
    const field = fields.find((f) => f.key === key);
    const value = field && readValue(text, typeof field.small !== 'number');
    if (!field || value === null || value === undefined || complaint(field, text) !== null) return null;
    if (!sameValue(value, field[draft.size])) changes[key] = value;
  }
  return { name, size: draft.size, changes, seed: Number(draft.seed) };
}

/** The draft that gives a record again: the size that is nearest to its protocol, and what differs from it. */
export function draftOf({ protocol, seed, provenance }: ExperimentRecord, summary: ExperimentSummary | null): ExperimentDraft {
  const differing = (size: ProtocolSize) => (summary?.fields ?? []).filter((f) => f.key in protocol && !sameValue(protocol[f.key], f[size]));
  const size = differing('full').length < differing('small').length ? 'full' : 'small';
  return {
    size,
    seed: String(seed),
    backend: provenance.backend === 'webgpu' ? 'webgpu' : 'cpu-f64',
    typed: Object.fromEntries(differing(size).map(({ key }) => [key, listText(protocol[key]!)])),
  };
}

/** Whether the fields ask for something else than a record was computed with. */
export function draftDiffers(summary: ExperimentSummary, draft: ExperimentDraft, record: ExperimentRecord): boolean {
  const order = orderOf(summary, draft);
  if (!order) return false;
  const differs = ({ key, ...sizes }: ProtocolField) => key in record.protocol && !sameValue(order.changes[key] ?? sizes[order.size], record.protocol[key]);
  return order.seed !== record.seed || summary.fields.some(differs);
}

/** 'ranks 1, 2; seed 0' */
export function protocolWords({ protocol, seed }: Pick<ExperimentRecord, 'protocol' | 'seed'>): string {
  return [...Object.entries(protocol).map(([key, value]) => `${key} ${listText(value)}`), `seed ${seed}`].join('; ');
}
