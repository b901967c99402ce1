import { useEffect } from 'react';
import { useStore } from './app-context';

/** Shortcuts, as the help shows them. */
export const shortcuts: readonly (readonly [string, string])[] = [
  ['/', 'filter the layers'],
  ['j  k', 'next and previous layer'],
  ['[  ]', 'previous and next direction'],
  ['t', 'relative cut'],
  ['d', 'digits above the floor'],
  ['c', 'copy a link to this view'],
  ['?', 'this help'],
  ['Esc', 'cancel the analysis, the experiment or the sampling, or close what is open'],
];

const focus = (id: string) => (event: KeyboardEvent) => {
  const element = document.getElementById(id);
  if (!element) return;
  event.preventDefault();
  element.focus();
  if (element instanceof HTMLInputElement) element.select();
};

/** Keys that work wherever nobody is typing. */
export function useKeyboard(openHelp: () => void): void {
  const store = useStore();
  useEffect(() => {
    const keys: Record<string, (event: KeyboardEvent) => void> = {
      '/': focus('layer-filter'),
      t: focus('threshold'),
      d: focus('digits'),
      j: () => store.getState().step(1),
      k: () => store.getState().step(-1),
      '[': () => store.getState().stepDirection(-1),
      ']': () => store.getState().stepDirection(1),
      c: () => void store.getState().copyLink(),
      '?': openHelp,
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target instanceof HTMLElement ? event.target : null;
      if (event.key === 'Escape') {
        // A dialog or popover on top closes first, by itself.
        if (document.querySelector('dialog[open], [popover]:popover-open')) return;
        if (store.getState().running !== null || store.getState().fetching !== null) store.getState().cancel();
        else if (store.getState().experimentRun !== null) store.getState().cancelExperiment();
        else if (store.getState().tracing !== null) store.getState().stopTracing();
        else if (store.getState().llcRun !== null) store.getState().cancelLlc();
        else if (target?.matches('input, select')) target.blur();
        return;
      }
      if (target?.matches('input:not([type=range], [type=checkbox]), select, textarea') || document.querySelector('dialog[open]'))
        return;
      keys[event.key]?.(event);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [store, openHelp]);
}
