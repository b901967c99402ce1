import { useLayoutEffect, useRef, useState, type RefObject } from 'react';

export interface RowWindow {
  /** Put on the element that scrolls. */
  scroller: RefObject<HTMLDivElement | null>;
  start: number;
  end: number;
  /** Pixels that stand for the rows before and after. */
  before: number;
  after: number;
}

const MARGIN = 10;

/**
 * Which rows of a long list to render: those in sight, and a few more. Lists of at most `whole` rows are rendered whole.
 * @param keep index of a row that is to stay in sight when it changes; -1 = none
 */
export function useWindow(rows: number, height: number, { keep = -1, whole = 60, header = 0 } = {}): RowWindow {
  const scroller = useRef<HTMLDivElement | null>(null);
  const [sight, setSight] = useState({ start: 0, end: whole });
  const all = rows <= whole;

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || all) return;
    const look = () => {
      const start = Math.max(0, Math.floor(element.scrollTop / height) - MARGIN);
      const end = Math.ceil((element.scrollTop + element.clientHeight) / height) + MARGIN;
      setSight((s) => (s.start === start && s.end === end ? s : { start, end }));
    };
    look();
    element.addEventListener('scroll', look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      observer.disconnect();
    };
  }, [all, height, rows]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || keep < 0) return;
    const top = keep * height;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + height + header > element.scrollTop + element.clientHeight)
      element.scrollTop = top + height + header - element.clientHeight;
  }, [keep, height, header]);

  const start = all ? 0 : Math.min(sight.start, rows);
  const end = all ? rows : Math.min(rows, sight.end);
  return { scroller, start, end, before: start * height, after: (rows - end) * height };
}
