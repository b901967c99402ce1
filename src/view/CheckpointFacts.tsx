import type { Inspection } from '../analysis/events';
import type { CheckpointSummary, MemoryRoute, ModelSummary } from '../analysis/report';
import { bytes, count, counted } from '../figure/number';
import { shownReport } from '../store/report';
import { currentSubject } from '../store/session';
import { useApp, useStore } from './app-context';
import { NormFacts } from './NormFacts';

/** What was recognised, in short; the Report tab has all of it. */
export function CheckpointFacts() {
  const store = useStore();
  const subject = useApp(currentSubject);
  const report = useApp(shownReport);
  const subjects = useApp((s) => s.subjects);
  const checkpoint = report?.checkpoint ?? subject?.inspection?.checkpoint;
  const model = report?.model ?? subject?.inspection?.model;
  if (!subject || !checkpoint || !model) return null;
  return (
    <section className="checkpoint" aria-labelledby="checkpoint-title">
      <h2 id="checkpoint-title">Checkpoint</h2>
      {subjects.length > 1 && (
        <select
          className="whole"
          value={subject.id}
          onChange={(e) => store.getState().choose(e.target.value)}
          aria-label="Which of the open checkpoints to show"
          data-testid="subject"
        >
          {subjects.map((s) => (
            <option key={s.id} value={s.id}>
              {s.name}
            </option>
          ))}
        </select>
      )}
      <dl className="facts">
        {factsOf(checkpoint, model, report?.provenance.memory ?? subject.inspection?.memory).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd title={value}>{value}</dd>
          </div>
        ))}
      </dl>
      <NormFacts norms={report?.norms ?? subject.inspection?.norms ?? []} />
      <button className="textual" onClick={() => store.getState().look({ tab: 'report' })} hidden={!report}>
        Evidence, tensors and reasons
      </button>
    </section>
  );
}

function factsOf(checkpoint: CheckpointSummary, model: ModelSummary, memory?: MemoryRoute): [string, string][] {
  const size = checkpoint.files.reduce((sum, f) => sum + f.size, 0);
  const skipped = checkpoint.tensors.filter((t) => t.status !== 'analysed' && t.status !== 'used').length;
  const facts: [string, string][] = [
    ['format', `${checkpoint.format}, ${bytes(size)}`],
    ['recognised as', model.title],
    ['tensors', `${count(checkpoint.tensorCount)}, ${count(skipped)} left out`],
  ];
  if (model.transforms.length > 0) facts.push(['transforms', count(model.transforms.length)]);
  if (model.tied.length > 0) facts.push(['tied', counted(model.tied.length, 'group')]);
  if (memory) facts.push(['memory', `${memory.route === 'whole' ? 'about' : 'part by part, about'} ${bytes(Number(memory.needs.toPrecision(2)))}`]);
  return facts;
}

/** Everything recognised about a checkpoint, before it is analysed. */
export function Recognised({ inspection }: { inspection: Inspection }) {
  const { checkpoint, model, skipped } = inspection;
  const left = checkpoint.tensors.filter((t) => t.status !== 'analysed' && t.status !== 'used');
  return (
    <>
      <p className="lead">
        {model.title}, {count(model.parameters)} parameters; {checkpoint.format}, {counted(checkpoint.tensorCount, 'tensor')} in{' '}
        {counted(checkpoint.files.length, 'file')}.
      </p>
      <ul className="sentences">
        {[
          ...checkpoint.warnings,
          ...model.evidence,
          ...model.transforms.slice(0, 6),
          ...model.tied.slice(0, 6).map((group) => `Tied: ${group.join(' = ')}.`),
        ].map((s, i) => (
          <li key={i}>{s}</li>
        ))}
      </ul>
      {(left.length > 0 || skipped.length > 0) && (
        <details>
          <summary>
            Left out:{' '}
            {[left.length > 0 && counted(left.length, 'tensor'), skipped.length > 0 && counted(skipped.length, 'layer')]
              .filter(Boolean)
              .join(', ')}
          </summary>
          <ul className="sentences">
            {left.slice(0, 100).map((t) => (
              <li key={t.name}>
                <code>{t.name}</code>: {t.reason ?? t.status}
              </li>
            ))}
            {skipped.slice(0, 100).map((s, i) => (
              <li key={i}>
                <code>{s.layer}</code>
                {s.side && ` (${s.side})`}: {s.reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
