/** The only component that knows plotly: draws a figure, reports zooms and clicks, and makes pictures. */
import { useEffect, useRef, useState } from 'react';
import type { View } from '../analysis/link';
import type { Figure } from '../figure/figure';

type Plotly = typeof import('./plotly').default;
let loading: Promise<Plotly> | null = null;

/** Starts loading plotly, once. */
export function loadPlotly(): Promise<Plotly> {
  return (loading ??= import('./plotly').then((m) => m.default));
}

/**
 * Loads plotly and draws a line of dots out of sight while the page has nothing to do: the first plot of an analysis then comes without a pause.
 * Each step is a task of its own.
 */
export function warmPlotly(layout: Figure['layout']): void {
  const idle = (work: () => void) =>
    'requestIdleCallback' in window ? requestIdleCallback(work, { timeout: 2000 }) : setTimeout(work, 300);
  idle(() => {
    void loadPlotly().then((plotly) =>
      idle(() => {
        const host = document.createElement('div');
        host.className = 'offscreen';
        host.setAttribute('aria-hidden', 'true');
        document.body.append(host);
        const x = Array.from({ length: 64 }, (_, i) => i + 1);
        const data = [{ type: 'scatter', mode: 'lines+markers', x, y: x, hovertemplate: '%{y}' }];
        void plotly
          .newPlot(host, data as never, { ...layout, width: 300, height: 200 } as never, { displayModeBar: false })
          .then(() => {
            plotly.purge(host);
            host.remove();
          });
      }),
    );
  });
}

/** A picture of a figure. */
export async function renderImage(figure: Figure, format: 'png' | 'svg'): Promise<Blob> {
  const plotly = await loadPlotly();
  const url = await plotly.toImage(figure as never, { format, width: 1000, height: 600, scale: format === 'png' ? 2 : 1 });
  const comma = url.indexOf(',');
  if (format === 'svg') return new Blob([decodeURIComponent(url.slice(comma + 1))], { type: 'image/svg+xml' });
  return new Blob([Uint8Array.from(atob(url.slice(comma + 1)), (c) => c.charCodeAt(0))], { type: 'image/png' });
}

export interface PlotProps {
  figure: Figure;
  /** What the plot shows, for those who cannot see it; its numbers are in a table. */
  label: string;
  className?: string;
  onRange?: (range: View['range']) => void;
  /** Click on a point whose trace carries names as customdata. */
  onPick?: (name: string) => void;
  /** What a drag along the x axis covers, in data units. */
  onSelect?: (x: [number, number]) => void;
}

interface PlotElement extends HTMLDivElement {
  on?(event: string, handler: (data: never) => void): void;
  _fullLayout?: { width: number; height: number; xaxis: { range: [number, number] }; yaxis: { range: [number, number] } };
}

export default function Plot({ figure, label, className, onRange, onPick, onSelect }: PlotProps) {
  const host = useRef<PlotElement>(null);
  const handlers = useRef({ onRange, onPick, onSelect });
  handlers.current = { onRange, onPick, onSelect };
  const [plotly, setPlotly] = useState<Plotly | null>(null);

  useEffect(() => {
    let mounted = true;
    void loadPlotly().then((loaded) => mounted && setPlotly(() => loaded));
    return () => {
      mounted = false;
    };
  }, []);

  useEffect(() => {
    const element = host.current;
    if (!plotly || !element) return;
    // A task of its own: what React has to do and what plotly has to do are not added up, and figures that follow at once replace each other.
    let timer = setTimeout(() => {
      if (element._fullLayout) draw(figure.data);
      else {
        // Axes first, then one trace more in each task: the first draw is the longest.
        draw([]);
        listen(element, handlers);
        let drawn = 0;
        const more = () => {
          draw(figure.data.slice(0, ++drawn));
          if (drawn < figure.data.length) timer = setTimeout(more);
        };
        timer = setTimeout(more);
      }
    });
    const draw = (data: Figure['data']) => {
      // Plotly writes into what it is given.
      const given = structuredClone({ data, layout: { ...figure.layout, autosize: true } });
      void plotly.react(element, given.data as never, given.layout as never, {
        displayModeBar: false,
        responsive: false,
        doubleClick: false,
        showTips: false,
      });
    };
    return () => clearTimeout(timer);
  }, [plotly, figure]);

  useEffect(() => {
    const element = host.current;
    if (!plotly || !element) return;
    const observer = new ResizeObserver(() => {
      const drawn = element._fullLayout;
      const { offsetWidth: width, offsetHeight: height } = element;
      // The first notice comes for the size that was just drawn.
      if (drawn && width > 0 && (drawn.width !== width || drawn.height !== height)) plotly.Plots.resize(element);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      plotly.purge(element);
    };
  }, [plotly]);

  return <div ref={host} className={className} role="img" aria-label={label} />;
}

/** Zooms and clicks; a double click asks for the whole range. */
function listen(element: PlotElement, handlers: { current: Pick<PlotProps, 'onRange' | 'onPick' | 'onSelect'> }): void {
  element.on?.('plotly_relayout', (changes: Record<string, unknown>) => {
    if (!Object.keys(changes).some((key) => key.includes('axis.range['))) return;
    const { xaxis, yaxis } = element._fullLayout!;
    handlers.current.onRange?.({ x: [...xaxis.range], y: [...yaxis.range] });
  });
  element.on?.('plotly_doubleclick', () => handlers.current.onRange?.(null));
  element.on?.('plotly_selected', (event: { range?: { x?: [number, number] } } | undefined) => {
    if (event?.range?.x) handlers.current.onSelect?.([...event.range.x]);
  });
  element.on?.('plotly_click', (event: { points: { customdata?: unknown }[] }) => {
    const name = event.points[0]?.customdata;
    if (typeof name === 'string') handlers.current.onPick?.(name);
  });
}
