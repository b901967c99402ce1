import type { LlcRecord } from '../analysis/llc-record';
import { count, counted, duration } from '../figure/number';
import { busyWith } from '../store/experiments';
import type { LlcPlan } from '../store/llc';
import { llcComplaint, type LlcField } from '../store/llc-draft';
import { currentSubject } from '../store/session';
import { useApp, useStore } from './app-context';
import { llcDiffers, settingsWords, short } from './llc-words';

type Ready = Extract<LlcPlan, { kind: 'ready' }>;

const MAIN: readonly (readonly [LlcField, string, string, string?])[] = [
  ['chains', 'chains', 'Independent walks; their scatter is the error bar.'],
  ['burnIn', 'burn-in', 'Steps that are thrown away while a chain settles.'],
  ['draws', 'draws', 'Steps of each chain that count.'],
  ['step', 'step size ε', 'Empty: a sweep of short chains chooses it and says why.', 'by calibration'],
];
const MORE: readonly (readonly [LlcField, string, string, string?])[] = [
  ['gammas', 'localisation γ', 'How hard a chain is held at the checkpoint. Several with commas: the least without problems.'],
  ['nbeta', 'nβ', 'Inverse temperature times samples.', 'n / log n'],
  ['batch', 'minibatch', 'Samples of a step. Fewer are cheaper and hide the acceptance.', 'all samples'],
  ['seed', 'seed of the chains', 'Another seed repeats the sampling on the same probe.', 'that of the probe'],
];

/** What a sampling is asked for, what it will take, and the button. */
export function LlcSettings({ plan, newest }: { plan: Ready; newest: LlcRecord | null }) {
  const store = useStore();
  const draft = useApp((s) => s.llcDraft);
  const { draftLlc } = store.getState();
  const field = ([name, label, hint, empty]: (typeof MAIN)[number]) => {
    const complaint = llcComplaint(name, draft, plan.samples);
    return (
      <div className="protocol-field" key={name}>
        <label className="protocol-label" htmlFor={`llc-${name}`}>
          {label}
        </label>
        <input
          id={`llc-${name}`}
          data-testid={`llc-${name}`}
          type="text"
          inputMode="decimal"
          spellCheck={false}
          autoComplete="off"
          maxLength={100}
          placeholder={empty}
          value={draft[name]}
          aria-invalid={complaint !== null}
          aria-describedby={`llc-${name}-note`}
          onChange={(e) => draftLlc({ [name]: e.target.value })}
        />
        <span className={`protocol-note ${complaint === null ? 'faint' : 'failed'}`} id={`llc-${name}-note`}>
          {complaint ?? hint}
        </span>
      </div>
    );
  };
  return (
    <section className="llc-settings" aria-label="Settings of the sampling">
      <div className="protocol-fields">{MAIN.map(field)}</div>
      <details className="protocol">
        <summary>
          more <span className="faint">localisation, temperature, minibatch, seed, kind of step</span>
        </summary>
        <div className="protocol-fields">{MORE.map(field)}</div>
        <Check name="adjusted" value={draft.adjusted} label="adjusted steps" onChange={(adjusted) => draftLlc({ adjusted })}>
          Accept or reject each step (MALA), so that the step size leaves no error. Needs all samples.
        </Check>
        <Check name="rmsprop" value={draft.rmsprop} label="RMSProp scale" onChange={(rmsprop) => draftLlc({ rmsprop })}>
          Steps of each weight scaled by its own gradients, learnt during the burn-in and then kept.
        </Check>
      </details>
      <p className="muted llc-labels" data-testid="llc-labels">
        {plan.targets
          ? 'Labels: the targets of the dropped probe. Where the checkpoint is no minimum of that loss, chains find lower ones and the LLC reads low; that is said.'
          : 'This probe has no targets, so the checkpoint labels it itself: it is a minimum by construction, and the LLC is of the function that it has, not of its training loss. Drop a probe with targets for that.'}
      </p>
      <RunRow plan={plan} newest={newest} />
    </section>
  );
}

function Check(props: { name: string; value: boolean; label: string; children: string; onChange: (value: boolean) => void }) {
  return (
    <label className="llc-check">
      <input type="checkbox" data-testid={`llc-${props.name}`} checked={props.value} onChange={(e) => props.onChange(e.target.checked)} />
      <span>{props.label}</span>
      <span className="faint">{props.children}</span>
    </label>
  );
}

/** From here on it is said that it takes long, in seconds. */
const LONG = 600;

function RunRow({ plan, newest }: { plan: Ready; newest: LlcRecord | null }) {
  const store = useStore();
  const id = useApp((s) => currentSubject(s)?.id);
  const run = useApp((s) => (s.llcRun?.id === id ? s.llcRun : null));
  const busy = useApp(busyWith);
  const { request, cost, measured } = plan;
  const waits = run ? null : busy !== null ? `Waits: ${busy}.` : request === null ? 'A setting cannot be used.' : null;
  return (
    <>
      <div className="experiment-run">
        {/* Not `disabled`: the focus would be lost while it runs. */}
        <button className="primary" data-testid="llc-run" aria-disabled={run !== null || waits !== null} aria-describedby="llc-cost" onClick={() => void store.getState().runLlc()}>
          {newest ? 'Sample again' : 'Sample'}
        </button>
        {run ? (
          <>
            <progress max={1} value={run.progress?.part} aria-label="Progress of the sampling" />
            <span className="mono-small muted" data-testid="llc-progress">
              {run.progress === null
                ? 'starting …'
                : `${run.progress.phase === 'calibration' ? 'calibrating' : 'walking'} ${Math.floor(100 * run.progress.part)} %${run.progress.secondsLeft === null ? '' : ` · ${duration(Math.max(0.1, run.progress.secondsLeft))} left`}`}
            </span>
            <button className="quiet" data-testid="llc-cancel" onClick={() => store.getState().cancelLlc()}>
              Cancel <kbd>Esc</kbd>
            </button>
          </>
        ) : (
          <span className="muted" id="llc-cost" data-testid="llc-cost">
            {waits ??
              (cost && (
                <>
                  {count(Math.round(cost.passes))} passes over {counted(plan.samples, 'sample')}: {measured ? 'about' : 'very roughly'} {duration(cost.seconds)}
                  {plan.gpu && ', one chain after another: on the GPU they do not walk beside each other'}
                </>
              ))}
          </span>
        )}
        <span className="spread" />
        {newest && !run && (
          <button
            className="quiet"
            data-testid="llc-repeat"
            disabled={waits !== null}
            title="The same with another seed of the chains, on the same probe: how far repeats scatter is the honest error bar"
            onClick={() => void store.getState().runLlc(true)}
          >
            Repeat with another seed
          </button>
        )}
      </div>
      {cost && cost.seconds > LONG && !run && (
        <p className="muted" data-testid="llc-long">
          That is long for a page. Fewer samples (left), a minibatch, fewer draws, or a step size that is known already make it shorter; the command line does the same outside of the page:{' '}
          <code>npm run --silent cli -- llc FILE --json</code>.
        </p>
      )}
      {newest && request && llcDiffers(request, plan, newest) && !run && (
        <p className="muted" data-testid="llc-differs">
          What is shown is of other settings: {settingsWords(newest)} (loss {newest.probe.loss}, ε {newest.calibration ? 'chosen by calibration' : `given as ${short(newest.settings.step)}`}).
        </p>
      )}
    </>
  );
}
