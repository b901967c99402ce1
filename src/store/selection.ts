/** The one selection that tree, table, plots and links share. */
import { defaultView, type View } from '../analysis/link';
import type { Side, Spectrum } from '../analysis/report';
import { layerMatcher } from './layer-filter';
import { layersInView } from './report';
import type { App, Get, Set } from './store';

export interface SelectionSlice {
  view: View;
  look(changes: Partial<View>): void;
  /** Selects a layer; with a side, that side comes first: its readings are shown. */
  select(layer: string, side?: Side): void;
  /** Next (+1) or previous (-1) of the layers that the filter leaves. */
  step(by: number): void;
  focusSide(side: Side): void;
  toggleSide(side: Side, available: readonly Side[]): void;
}

export function selectionSlice(set: Set, get: Get): SelectionSlice {
  return {
    view: defaultView,
    look: (changes) => set({ view: { ...get().view, ...changes } }),
    select: (layer, side) => {
      const { view } = get();
      const same = selectedLayer(get()) === layer;
      const kept = same ? { range: view.range, direction: view.direction } : { range: null, direction: null };
      set({ view: { ...view, ...kept, layer, sides: side ? first(side, view.sides) : view.sides } });
    },
    step: (by) => {
      const names = filteredLayers(get()).map((l) => l.name);
      if (names.length === 0) return;
      const at = names.indexOf(selectedLayer(get()) ?? '');
      get().select(names[Math.min(names.length - 1, Math.max(0, at < 0 ? 0 : at + by))]!);
    },
    focusSide: (side) => set({ view: { ...get().view, sides: first(side, get().view.sides) } }),
    toggleSide: (side, available) => {
      const drawn = drawnSides(get().view, available);
      const sides = drawn.includes(side) ? drawn.filter((s) => s !== side) : [...drawn, side];
      if (sides.length > 0) set({ view: { ...get().view, sides, range: null } });
    },
  };
}

function first(side: Side, sides: readonly Side[]): Side[] {
  return [side, ...sides.filter((s) => s !== side)];
}

/** The sides to draw of those there are, the one with the readings first: the view's choice, or all where it leaves none. */
export function drawnSides(view: View, available: readonly Side[]): readonly Side[] {
  const chosen = view.sides.filter((side) => available.includes(side));
  return chosen.length > 0 ? chosen : available;
}

/** The spectrum whose readings are shown. */
export function focusSpectrum(view: View, spectra: readonly Spectrum[]): Spectrum | null {
  const side = drawnSides(
    view,
    spectra.map((s) => s.tap.side),
  )[0];
  return spectra.find((s) => s.tap.side === side) ?? null;
}

/** Name of the selected layer; the first when none was chosen or the chosen one is not there. */
export function selectedLayer(state: App): string | null {
  const layers = layersInView(state);
  const chosen = state.view.layer;
  return chosen !== null && layers.some((l) => l.name === chosen) ? chosen : (layers[0]?.name ?? null);
}

/** Layers whose name contains the filter, or matches it as a glob. */
export function filteredLayers(state: App) {
  const layers = layersInView(state);
  const matches = layerMatcher(state.view.filter);
  return matches ? layers.filter((l) => matches(l.name)) : layers;
}
