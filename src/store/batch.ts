/** Collects what comes in quick succession and hands it on in batches, so that a fast stream does not redraw the page for each item. */
export interface Batch<T> {
  push(item: T): void;
  /** Hands on what is waiting, now. */
  flush(): void;
  /** Forgets what is waiting; nothing is handed on from here. */
  close(): void;
}

/** @param delay longest time that an item waits, in milliseconds */
export function batch<T>(handOn: (items: T[]) => void, delay: number): Batch<T> {
  let waiting: T[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let open = true;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (!open || waiting.length === 0) return;
    const items = waiting;
    waiting = [];
    handOn(items);
  };
  return {
    push(item) {
      if (!open) return;
      waiting.push(item);
      timer ??= setTimeout(flush, delay);
    },
    flush,
    close() {
      open = false;
      waiting = [];
      clearTimeout(timer);
    },
  };
}
