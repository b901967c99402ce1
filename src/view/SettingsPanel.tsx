import { BACKENDS } from '../analysis/request';
import type { Choice } from '../analysis/report';
import { FISHERS, LOSSES } from '../analysis/request';
import { count } from '../figure/number';
import { followable } from '../store/directions';
import { shownReport } from '../store/report';
import { currentSubject, type Subject } from '../store/session';
import { requestOf, settingsOf } from '../store/settings';
import { useApp, useStore } from './app-context';
import { Recognised } from './CheckpointFacts';
import { Field, NumberField } from './Field';
import { fisherHelp, settingHelp } from './glossary';
import { ProbeFacts } from './ProbeFacts';
import { backendName } from './sentence';

/** Probe, loss and what else can be asked for. Roomy: with every explanation in sight, before the first run. */
export function SettingsPanel({ roomy }: { roomy: boolean }) {
  const subject = useApp(currentSubject);
  if (!subject) return null;
  if (!subject.inspection) return <SnapshotFacts />;
  return roomy ? (
    <section className="setup-panel" aria-labelledby="setup-title">
      <h1 id="setup-title">{subject.name}</h1>
      <Recognised inspection={subject.inspection} />
      <h2>What to read it on</h2>
      <Fields subject={subject} roomy />
      <p className="run-row">
        <RunButton words="Run" id="run" />
        <span className="muted">This model is not small: nothing is computed before you ask.</span>
      </p>
    </section>
  ) : (
    <section className="settings" aria-labelledby="settings-title">
      <div className="section-head">
        <h2 id="settings-title">Probe and loss</h2>
        <RunButton words="Run again" id="run" quiet />
      </div>
      <Fields subject={subject} roomy={false} />
    </section>
  );
}

export function RunButton({ words, id, quiet }: { words: string; id: string; quiet?: boolean }) {
  const store = useStore();
  const running = useApp((s) => s.running !== null);
  return (
    <button
      className={quiet ? 'quiet' : 'primary'}
      data-testid={id}
      disabled={running}
      onClick={() => void store.getState().run()}
    >
      {words}
    </button>
  );
}

function Fields({ subject, roomy }: { subject: Subject; roomy: boolean }) {
  const store = useStore();
  const settings = useApp((s) => settingsOf(s, subject.id));
  const probes = useApp((s) => s.probes);
  const inspection = subject.inspection!;
  const request = requestOf(inspection, settings);
  const { edit, chooseProbe, chooseOption } = store.getState();
  const probe = probes.find((p) => p.id === settings.probe);
  const usesProbe = inspection.probe.kind !== 'none';
  const field = { roomy };
  return (
    <div className={roomy ? 'fields roomy' : 'fields'}>
      {inspection.model.choices.map((choice) => (
        <ChoiceField key={choice.key} choice={choice} roomy={roomy} onChoose={(value) => chooseOption(choice.key, value)} />
      ))}
      {usesProbe && (
        <>
          <Field {...field} label="probe" help={settingHelp.probe}>
            <select value={settings.probe ?? ''} onChange={(e) => chooseProbe(e.target.value || null)}>
              <option value="">built-in {inspection.takes === 'tokens' ? 'tokens' : 'gaussian'}</option>
              {probes.map((p) => (
                <option key={p.id} value={p.id}>
                  {p.name}
                </option>
              ))}
            </select>
          </Field>
          <Field {...field} label="samples N" help={settingHelp.samples}>
            <NumberField
              value={request.samples}
              placeholder={probe && probe.samples > 0 ? `all ${count(probe.samples)}` : 'default'}
              least={1}
              most={1_000_000}
              onChange={(samples) => edit({ samples })}
            />
          </Field>
          <Field {...field} label="seed" help={settingHelp.seed}>
            <NumberField value={request.seed} least={0} most={4294967295} onChange={(seed) => edit({ seed })} />
          </Field>
          <Field {...field} label="loss" help={settingHelp.loss}>
            <select value={request.loss ?? ''} onChange={(e) => edit({ loss: LOSSES.find((l) => l === e.target.value) ?? null })}>
              {request.loss === null && <option value="">default</option>}
              <option value="mse">mse, ½|f − y|²</option>
              <option value="ce">cross-entropy</option>
            </select>
          </Field>
          <Field
            {...field}
            label="Fisher"
            help={request.fisher ? `${settingHelp.fisher} ${fisherHelp[request.fisher]}` : settingHelp.fisher}
          >
            <select
              value={request.fisher ?? ''}
              onChange={(e) => edit({ fisher: FISHERS.find((f) => f === e.target.value) ?? null })}
            >
              {request.fisher === null && <option value="">default</option>}
              {FISHERS.map((f) => (
                <option key={f}>{f}</option>
              ))}
            </select>
          </Field>
          {followable(inspection) && (
            <Field {...field} label="directions" help={settingHelp.directions}>
              <input
                type="checkbox"
                data-testid="directions-setting"
                checked={request.directions}
                onChange={(e) => edit({ directions: e.target.checked })}
              />
            </Field>
          )}
          <ProbeFacts probe={inspection.probe} />
        </>
      )}
      <details open={roomy || undefined}>
        <summary>more</summary>
        <div className={roomy ? 'fields roomy' : 'fields'}>
          {usesProbe && request.positions !== null && (
            <Field {...field} label="positions T" help={settingHelp.positions}>
              <NumberField value={request.positions} least={1} most={65_536} onChange={(positions) => edit({ positions })} />
            </Field>
          )}
          <Field {...field} label="layers" help={settingHelp.layers}>
            <input
              type="text"
              value={request.layers}
              placeholder="all"
              spellCheck={false}
              maxLength={4000}
              onChange={(e) => edit({ layers: e.target.value })}
            />
          </Field>
          {usesProbe && (
            <Field {...field} label="activations only" help={settingHelp.activationsOnly}>
              <input type="checkbox" checked={!request.gradients} onChange={(e) => edit({ gradients: e.target.checked ? false : null })} />
            </Field>
          )}
          <Field {...field} label="backend" help={settingHelp.backend}>
            <select
              value={request.backend}
              onChange={(e) => edit({ backend: BACKENDS.find((b) => b === e.target.value) ?? null })}
            >
              {BACKENDS.map((b) => (
                <option key={b} value={b}>
                  {b === 'auto' ? 'automatic' : backendName(b)}
                </option>
              ))}
            </select>
          </Field>
          {inspection.memory && (
            <Field {...field} label="memory, GB" help={`${settingHelp.memory} ${inspection.memory.reason}`}>
              <NumberField
                value={request.memory}
                placeholder={gigabytesOf(inspection.memory.bound)}
                least={0.001}
                most={1e6}
                whole={false}
                onChange={(memory) => edit({ memory })}
              />
            </Field>
          )}
          {usesProbe && (
            <>
              <Field {...field} label="folds" help={settingHelp.folds}>
                <NumberField
                  value={request.folds}
                  placeholder="5 if cheap"
                  least={0}
                  most={20}
                  onChange={(folds) => edit({ folds })}
                />
              </Field>
              <Field {...field} label="parameter Gram" help={settingHelp.parameter}>
                <input type="checkbox" checked={request.parameter} onChange={(e) => edit({ parameter: e.target.checked })} />
              </Field>
            </>
          )}
        </div>
      </details>
    </div>
  );
}

/** A bound of memory as the field would hold it. */
function gigabytesOf(bound: number | null): string {
  return bound === null ? 'no bound' : `${Number((bound / 1e9).toPrecision(2))}`;
}

function ChoiceField({ choice, roomy, onChoose }: { choice: Choice; roomy: boolean; onChoose: (value: string) => void }) {
  return (
    <Field label={choice.key.replaceAll('-', ' ')} help={choice.evidence} roomy={roomy} mark={choice.assumed && <em className="assumed">assumed</em>}>
      <select data-testid={`choice-${choice.key}`} value={choice.value} onChange={(e) => onChoose(e.target.value)}>
        {choice.options.map((o) => (
          <option key={o}>{o}</option>
        ))}
      </select>
    </Field>
  );
}

/** A snapshot tells what it was computed on; there is nothing to set. */
function SnapshotFacts() {
  const probe = useApp((s) => shownReport(s)?.probe);
  if (!probe) return null;
  return (
    <section className="settings" aria-labelledby="settings-title">
      <h2 id="settings-title">Probe and loss</h2>
      <dl className="facts">
        <div>
          <dt>probe</dt>
          <dd>{probe.description}</dd>
        </div>
        <div>
          <dt>N · T · seed</dt>
          <dd>
            {count(probe.samples)} · {count(probe.positions)} · {probe.seed}
          </dd>
        </div>
        <div>
          <dt>loss · Fisher</dt>
          <dd>
            {probe.loss ?? 'none'} · {probe.fisher ?? 'none'}
          </dd>
        </div>
      </dl>
    </section>
  );
}
