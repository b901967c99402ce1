import { useEffect } from 'react';
import { useApp, useStore } from './app-context';

const TIME = 6000;

export function Toast() {
  const store = useStore();
  const toast = useApp((s) => s.toast);
  useEffect(() => {
    if (!toast) return;
    const timer = setTimeout(() => store.getState().hideToast(toast.id), TIME);
    return () => clearTimeout(timer);
  }, [store, toast]);
  return (
    <div className="toast-place" role="status">
      {toast && (
        <p className="toast" data-testid="toast">
          {toast.text}
        </p>
      )}
    </div>
  );
}
