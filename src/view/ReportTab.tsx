import type { ReactNode } from 'react';
import { lossComparison } from '../analysis/recorded-loss';
import { outputComparison } from '../analysis/recorded-outputs';
import { bytes, count, duration } from '../figure/number';
import { shownReport } from '../store/report';
import { useApp, useStore } from './app-context';
import { backendName, bibtex, methodsParagraph } from './sentence';
import { TensorTable } from './TensorTable';

/** Everything behind the numbers: what was read, how, on what, and what was left out. */
export function ReportTab() {
  const report = useApp(shownReport);
  const verified = useApp((s) => (s.current === null ? null : (s.results[s.current]?.verified ?? null)));
  if (!report) return <div role="tabpanel" id="panel-report" aria-labelledby="tab-report" className="panel" />;
  const { checkpoint, model, probe, provenance, skipped } = report;
  return (
    <div role="tabpanel" id="panel-report" aria-labelledby="tab-report" className="panel report">
      <h1 className="offscreen">Report of {checkpoint.name}</h1>
      <Section title="Provenance">
        <dl className="facts wide">
          <Fact name="made by">{provenance.app}</Fact>
          <Fact name="backend">
            {backendName(provenance.backend)} · {provenance.device}
          </Fact>
          {provenance.choice && <Fact name="chosen">{provenance.choice.reason}</Fact>}
          <Fact name="made at">{provenance.createdAt}</Fact>
          <Fact name="time">
            {duration(provenance.seconds)}
            {Object.entries(provenance.phases).map(([phase, seconds]) => ` · ${phase} ${duration(seconds)}`)}
          </Fact>
          {provenance.grams && (
            <Fact name="Grams">
              <code className="hash">{provenance.grams}</code>
              {verified === true && <strong> verified: the same bits as where the link was made</strong>}
              {verified === false && ' not the bits of where the link was made: another backend, browser or version'}
            </Fact>
          )}
          {provenance.partial && <Fact name="state">not finished: what is here is complete, the rest is missing</Fact>}
          <Fact name="probe">{probe.description}</Fact>
          <Fact name="samples">
            N = {count(probe.samples)}
            {probe.positions > 1 && `, T = ${count(probe.positions)}`}, seed {probe.seed}
          </Fact>
          <Fact name="loss">
            {probe.loss ?? 'none'}
            {probe.fisher && `, Fisher ${probe.fisher}`}
            {probe.meanLoss !== null && `, mean loss ${probe.meanLoss.toPrecision(5)}`}
          </Fact>
        </dl>
        <Sentences title="What was done to the probe" list={probe.evidence ?? []} />
        <Sentences title="Recorded outputs" list={outputComparison(report)} />
        <Sentences title="Recorded losses" list={lossComparison(report)} />
      </Section>
      <Section title="Model">
        <p>
          {model.title}, {count(model.parameters)} parameters. File format {checkpoint.format}; fingerprint{' '}
          <code>{checkpoint.fingerprint}</code>.
        </p>
        <ul className="sentences">
          {checkpoint.files.slice(0, 50).map((f) => (
            <li key={f.name}>
              <code>{f.name}</code>, {bytes(f.size)}
            </li>
          ))}
        </ul>
        <Sentences title="How it was recognised" list={model.evidence} />
        <Sentences title="What was done to the tensors" list={model.transforms} />
        <Sentences title="Tied tensors" list={model.tied.map((group) => group.join(' = '))} />
        <Sentences
          title="What was assumed or chosen"
          list={model.choices.map((c) => `${c.key} = ${c.value}: ${c.evidence}`)}
        />
      </Section>
      {checkpoint.warnings.length > 0 && (
        <Section title="Warnings">
          <Sentences list={checkpoint.warnings} />
        </Section>
      )}
      {skipped.length > 0 && (
        <Section title="Layers left out">
          <ul className="sentences">
            {skipped.slice(0, 500).map((s, i) => (
              <li key={i}>
                <code>{s.layer}</code>
                {s.side && ` (${s.side})`}: {s.reason}
              </li>
            ))}
          </ul>
          {skipped.length > 500 && (
            <p className="muted">and {count(skipped.length - 500)} more: the exported JSON has them all.</p>
          )}
        </Section>
      )}
      <Section title={`Tensors (${count(checkpoint.tensorCount)})`}>
        <TensorTable tensors={checkpoint.tensors} total={checkpoint.tensorCount} />
      </Section>
      <Section title="Methods">
        <Copyable text={methodsParagraph(report)} what="methods paragraph" />
      </Section>
      <Section title="Papers">
        <Copyable text={bibtex} what="BibTeX" code />
      </Section>
    </div>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Sentences({ title, list }: { title?: string; list: readonly string[] }) {
  if (list.length === 0) return null;
  return (
    <>
      {title && <h3>{title}</h3>}
      <ul className="sentences">
        {list.slice(0, 200).map((s, i) => (
          <li key={i}>{s}</li>
        ))}
      </ul>
      {list.length > 200 && <p className="muted">and {count(list.length - 200)} more.</p>}
    </>
  );
}

function Copyable({ text, what, code }: { text: string; what: string; code?: boolean }) {
  const store = useStore();
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => store.getState().say(`Copied: ${what}.`),
      () => store.getState().say('The clipboard is closed to this page: select the text and copy it.'),
    );
  return (
    <div className="copyable">
      {code ? <pre tabIndex={0}>{text}</pre> : <p>{text}</p>}
      <button className="quiet" onClick={() => void copy()} aria-label={`Copy the ${what}`}>
        Copy
      </button>
    </div>
  );
}
