import { createContext, useContext } from 'react';
import type { App, AppStore } from '../store/store';

export const AppContext = createContext<AppStore | null>(null);

export function useStore(): AppStore {
  const store = useContext(AppContext);
  if (!store) throw new Error('internal: no store above this component');
  return store;
}

/** A slice of the store; `select` must return the same object while nothing that it reads has changed. */
export function useApp<T>(select: (state: App) => T): T {
  return useStore()(select);
}
