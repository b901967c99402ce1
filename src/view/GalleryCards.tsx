import type { Example } from '../analysis/example';
import { useApp, useStore } from './app-context';
import { Sparkline } from './Sparkline';

/** Bundled examples: each says its known answer, and what the last run here gave. */
export function GalleryCards() {
  const gallery = useApp((s) => s.gallery);
  const error = useApp((s) => s.galleryError);
  if (error) return <p className="muted">{error}</p>;
  return (
    <section className="gallery" aria-labelledby="gallery-title" aria-busy={gallery === null}>
      <h2 id="gallery-title">Or open one with a known answer</h2>
      <ul>
        {gallery?.map((example) => (
          <Card key={example.id} example={example} />
        ))}
      </ul>
    </section>
  );
}

function Card({ example }: { example: Example }) {
  const store = useStore();
  const last = useApp((s) => s.lastRuns[example.id] ?? null);
  return (
    <li>
      <button
        className="card"
        data-testid={`example-${example.id}`}
        onClick={() => void store.getState().openExample(example.id)}
      >
        <span className="card-plot">
          {last ? (
            <Sparkline spectrum={last.spectrum} tone={example.focus.side} width={210} height={52} most={40} />
          ) : (
            <span className="faint">not run here yet</span>
          )}
        </span>
        <strong>{example.title}</strong>
        <span className="muted">{example.description}</span>
        <span className="answer">
          {example.answer}
          {last && (
            <span className={last.agrees ? 'agrees' : 'differs'}>
              {last.agrees ? 'the last run here agrees' : 'the last run here differs'}
            </span>
          )}
        </span>
      </button>
    </li>
  );
}
