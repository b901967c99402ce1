/** The directions of the report in view: which are listed, in what order, and which one is selected. */
import { VERDICTS, type Direction } from '../analysis/directions-schema';
import type { Inspection } from '../analysis/events';
import type { View } from '../analysis/link';
import type { Report } from '../analysis/report';
import { sortedBy, type SortKey } from '../base/order';
import { layerMatcher } from './layer-filter';
import { layersInView, shownReport } from './report';
import { selectedLayer } from './selection';
import { currentSubject } from './session';
import type { App, Get, Set } from './store';

/** A direction and its place in the report, which names it in links. */
export interface Listed {
  readonly index: number;
  readonly direction: Direction;
}

/** How large what moves the outputs is, relative to a generic coefficient of that order. */
export interface Magnitude {
  readonly value: number;
  /** 'survives': at the order that was read. 'left': the most that is left of a flat direction. 'open': where reading ended in doubt. */
  readonly kind: 'survives' | 'left' | 'open';
}

export interface DirectionsSlice {
  /** Selects a direction by its place in the report, and its layer with it. */
  selectDirection(index: number): void;
  /** Next (+1) or previous (-1) of the directions that the filters leave. */
  stepDirection(by: number): void;
}

export function directionsSlice(set: Set, get: Get): DirectionsSlice {
  return {
    selectDirection: (index) => {
      const layer = shownReport(get())?.directions?.[index]?.layer;
      if (layer === undefined) return;
      if (layersInView(get()).some((l) => l.name === layer)) get().select(layer);
      set({ view: { ...get().view, direction: index } });
    },
    stepDirection: (by) => {
      const shown = shownDirections(get());
      if (shown.length === 0) return;
      const at = shown.indexOf(selectedDirection(get())!);
      get().selectDirection(shown[Math.min(shown.length - 1, Math.max(0, at + by))]!.index);
    },
  };
}

export function magnitudeOf({ verdict, order, obstructions }: Direction): Magnitude | null {
  const lifted = obstructions.flatMap((o) => (o.lifted === null ? [] : [o.lifted]));
  if (lifted.length === 0) return null;
  if (verdict === 'unresolved') return { value: lifted.at(-1)!, kind: 'open' };
  if (order === null) return { value: Math.max(...lifted), kind: 'left' };
  const at = obstructions.find((o) => o.order === order);
  return at && at.lifted !== null ? { value: at.lifted, kind: 'survives' } : null;
}

/** Flat is of every order; null is not known. */
export function orderOf(d: Direction): number | null {
  return d.verdict === 'unresolved' ? null : (d.order ?? Infinity);
}

/** The same along the straight line; null where nothing was read. */
export function lineOrderOf(d: Direction): number | null {
  return d.lineOrder ?? (d.obstructions.length > 0 ? Infinity : null);
}

/** What each column is sorted by; what has no key comes last. */
export const sortKeys: Record<string, (d: Direction) => SortKey> = {
  layer: (d) => d.layer,
  detector: (d) => `${d.detector} ${d.note ?? ''}`,
  lineOrder: lineOrderOf,
  order: orderOf,
  coefficient: (d) => d.coefficient,
  verdict: (d) => VERDICTS.indexOf(d.verdict),
  magnitude: (d) => magnitudeOf(d)?.value ?? null,
  evidence: (d) => d.evidence,
};

/** Directions that the filters leave, sorted. */
export function listDirections(directions: readonly Direction[], list: View['directions'], filter: string): Listed[] {
  const matches = layerMatcher(filter);
  const rows = directions
    .map((direction, index): Listed => ({ index, direction }))
    .filter(
      ({ direction: d }) =>
        (list.verdict === null || d.verdict === list.verdict) &&
        (list.detector === null || d.detector === list.detector) &&
        (matches === null || matches(d.layer)),
    );
  const key = list.sort && Object.hasOwn(sortKeys, list.sort.key) ? sortKeys[list.sort.key]! : null;
  return key ? sortedBy(rows, (row) => key(row.direction), list.sort!.descending) : rows;
}

let last: { directions: Report['directions']; list: View['directions']; filter: string; rows: readonly Listed[] } | null = null;

/** The rows in view; the same array while nothing that they depend on changes. */
export function shownDirections(state: App): readonly Listed[] {
  const directions = shownReport(state)?.directions;
  const { directions: list, filter } = state.view;
  if (last?.directions !== directions || last?.list !== list || last.filter !== filter) {
    last = { directions, list, filter, rows: listDirections(directions ?? [], list, filter) };
  }
  return last.rows;
}

/** The chosen direction if it is in view, else the first of the selected layer, else the first. */
export function selectedDirection(state: App): Listed | null {
  const rows = shownDirections(state);
  const { direction } = state.view;
  const chosen = direction === null ? undefined : rows.find((row) => row.index === direction);
  if (chosen) return chosen;
  const layer = selectedLayer(state);
  return rows.find((row) => row.direction.layer === layer) ?? rows[0] ?? null;
}

/** Whether there is a network to run: not of single tensors, nor of taps recorded elsewhere. */
export function followable({ probe }: Inspection): boolean {
  return probe.kind !== 'none' && probe.kind !== 'bundle';
}

/** 'impossible': there are no weights, or no network, to follow. 'unread': nobody asked. */
export type DirectionsStage = 'impossible' | 'unread' | 'reading' | 'there';

export function directionsStage(state: App): DirectionsStage {
  const subject = currentSubject(state);
  if (!subject) return 'impossible';
  if (state.running === subject.id && state.results[subject.id]?.request?.directions) return 'reading';
  if (shownReport(state)?.directions) return 'there';
  return subject.inspection && followable(subject.inspection) ? 'unread' : 'impossible';
}
