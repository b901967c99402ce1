import { useCallback, useState, useSyncExternalStore } from 'react';
import type { Theme } from '../figure/theme';

export type ThemeName = 'light' | 'dark';

const KEY = 'deadreckon.theme';
const prefersDark = () => matchMedia('(prefers-color-scheme: dark)');

function chosen(): ThemeName | null {
  try {
    const name = localStorage.getItem(KEY);
    return name === 'light' || name === 'dark' ? name : null;
  } catch {
    return null; // Storage may be closed to the page; the system's choice stands.
  }
}

/** Set on the document at once, so that tokens read during the next render are those of the new theme. */
function apply(name: ThemeName | null): ThemeName | null {
  if (name) document.documentElement.dataset.theme = name;
  return name;
}

/** The theme in force: the person's choice, or the system's. */
export function useThemeName(): [ThemeName, () => void] {
  const system = useSyncExternalStore(
    (changed) => {
      const query = prefersDark();
      query.addEventListener('change', changed);
      return () => query.removeEventListener('change', changed);
    },
    () => (prefersDark().matches ? 'dark' : 'light'),
  );
  const [own, setOwn] = useState(() => apply(chosen()));
  const name = own ?? system;
  const toggle = useCallback(() => {
    const next = name === 'dark' ? 'light' : 'dark';
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // Not kept then: it holds until the page is closed.
    }
    setOwn(apply(next));
  }, [name]);
  return [name, toggle];
}

/** Tokens of the style sheet for figures, which need colours by value. */
export function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    paper: token('paper'),
    ink: token('ink'),
    muted: token('muted'),
    hairline: token('hairline'),
    band: token('band'),
    dead: token('dead'),
    activation: token('activation'),
    fisher: token('fisher'),
    singular: token('singular'),
    gauge: token('gauge'),
    sans: token('sans'),
    mono: token('mono'),
  };
}
