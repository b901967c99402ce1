import type { BackendChoice } from '../analysis/report';
import { perSecond } from '../base/speed';
import { shownReport } from '../store/report';
import { currentSubject } from '../store/session';
import { settingsOf } from '../store/settings';
import { useApp, useStore } from './app-context';
import { backendName } from './sentence';
import { scientific } from '../figure/number';

/** What computed this; a click explains it and offers the other backend. */
export function BackendChip() {
  const store = useStore();
  const report = useApp(shownReport);
  const subject = useApp(currentSubject);
  const wanted = useApp((s) => (subject ? (settingsOf(s, subject.id).edits.backend ?? 'auto') : 'auto'));
  const backend = report?.provenance.backend ?? (wanted === 'auto' ? 'automatic' : wanted);
  const choice = report?.provenance.choice;
  const other = backend === 'webgpu' ? 'cpu-f64' : 'webgpu';
  const floors =
    report?.spectra.flatMap((s) => (s.floor > 0 && s.eigenvalues[0]! > 0 ? [s.floor / s.eigenvalues[0]!] : [])) ?? [];
  const change = () => {
    document.getElementById('backend-note')?.hidePopover();
    store.getState().edit({ backend: other });
    void store.getState().run();
  };
  return (
    <>
      <button
        className="chip backend-chip"
        data-testid="backend-chip"
        popoverTarget="backend-note"
        title="What computed this, and what else can"
      >
        {backendName(backend)}
        {report?.provenance.partial === false && <span> · {precision(backend)}</span>}
      </button>
      <div id="backend-note" className="popover" popover="auto" role="dialog" aria-label="Backend">
        <h2>{backendName(backend)}</h2>
        {report && <p className="mono-small">{report.provenance.device}</p>}
        <p>{explain(backend)}</p>
        {choice && <p data-testid="backend-reason">Why this one: {choice.reason}</p>}
        {choice?.rates && <Speeds rates={choice.rates} />}
        {floors.length > 0 && <p>Its floors here: at most {scientific(Math.max(...floors), 2)} of the largest eigenvalue.</p>}
        {subject?.inspection ? (
          <button className="primary" onClick={change}>
            Run on {backendName(other)} instead
          </button>
        ) : (
          <p className="muted">This is a finished analysis without its weights: drop the checkpoint to compute it again.</p>
        )}
      </div>
    </>
  );
}

/** What was measured on this machine. */
function Speeds({ rates }: { rates: NonNullable<BackendChoice['rates']> }) {
  return (
    <table className="speeds">
      <thead>
        <tr>
          <th scope="col">measured here</th>
          <th scope="col">exact Gram</th>
          <th scope="col">layers</th>
        </tr>
      </thead>
      <tbody>
        {([['this GPU', rates.gpu], ['one CPU core', rates.cpu]] as const).map(([name, { gram, matmul }]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{perSecond(gram)}</td>
            <td>{perSecond(matmul)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function precision(backend: string): string {
  return backend === 'cpu-f64' ? 'double precision' : backend === 'webgpu' ? 'single-precision layers' : 'other precision';
}

function explain(backend: string): string {
  switch (backend) {
    case 'cpu-f64':
      return 'Everything was computed in double precision on the processor: the reference. WebGPU is faster on large models, with a higher floor.';
    case 'webgpu':
      return 'The layers ran in single precision on the graphics card and the spectra were solved in double precision. The floor includes the rounding of the layers; the CPU has a lower one.';
    default:
      return 'Automatic means double precision on the processor, which the small end of a spectrum needs; WebGPU only where that saves a long wait.';
  }
}
