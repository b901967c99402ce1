import type { ReactNode } from 'react';
import { messageOf } from '../base/errors';
import type { Figure } from '../figure/figure';
import { useStore } from './app-context';
import { download, slug } from './download';
import Plot, { renderImage } from './Plot';

/** A plot with its title and its exports; the height is there before it is drawn. */
export function LlcPlot(props: { title: string; name: string; label: string; figure: Figure; alone: () => Figure; children?: ReactNode }) {
  const store = useStore();
  const { title, name, label, figure, alone, children } = props;
  const save = async (format: 'png' | 'svg') => {
    try {
      download(await renderImage(alone(), format), `${slug(name)}.${slug(title)}.${format}`);
    } catch (error) {
      store.getState().refuse(`${name}.${format}`, `The export did not work: ${messageOf(error)}`);
    }
  };
  return (
    <figure className="experiment-plot">
      <figcaption>
        <h3>{title}</h3>
        <span className="export-bar">
          {(['png', 'svg'] as const).map((format) => (
            <button key={format} className="quiet" aria-label={`Export ${title} as ${format.toUpperCase()}`} onClick={() => void save(format)}>
              {format.toUpperCase()}
            </button>
          ))}
        </span>
      </figcaption>
      <div className="plot-box">
        <Plot figure={figure} className="plot" label={label} />
      </div>
      {children}
    </figure>
  );
}
