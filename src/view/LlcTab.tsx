import { useMemo } from 'react';
import { shownReport } from '../store/report';
import { currentSubject } from '../store/session';
import { llcPlan, repeatsOf, resultsOf } from '../store/llc';
import { count } from '../figure/number';
import { useApp } from './app-context';
import { LlcComparison } from './LlcComparison';
import { LlcResult } from './LlcResult';
import { LlcSettings } from './LlcSettings';

/** The local learning coefficient by sampling: what it would take, what came out, and what it stands beside. */
export function LlcTab({ themeName }: { themeName: string }) {
  const subject = useApp(currentSubject);
  const fingerprint = useApp((s) => currentSubject(s)?.fingerprint ?? shownReport(s)?.checkpoint.fingerprint ?? '');
  const plan = useApp(llcPlan);
  const error = useApp((s) => (subject ? s.llcErrors[subject.id] : undefined));
  const results = useApp((s) => resultsOf(s, fingerprint));
  const newest = results.at(-1) ?? null;
  const repeats = useMemo(() => repeatsOf(results), [results]);
  return (
    <div role="tabpanel" id="panel-llc" aria-labelledby="tab-llc" className="panel llc">
      <h1>Local learning coefficient by sampling</h1>
      <p className="lead">
        Chains of noisy gradient steps (SGLD) walk around this checkpoint. The LLC is the mean of nβ (loss − initial loss) over their draws:
        an estimate of the learning coefficient λ of this minimum that costs thousands of passes and has to be calibrated, where a spectrum costs one.
      </p>
      {plan.kind === 'ready' ? <LlcSettings plan={plan} newest={newest?.record ?? null} /> : <Unavailable plan={plan} />}
      <div role="status">
        {error !== undefined && (
          <p className="notice failed" data-testid="llc-error">
            {error}
          </p>
        )}
      </div>
      {newest && <LlcResult record={newest.record} file={newest.file} repeats={repeats} theme={themeName} />}
      <LlcComparison record={newest?.record ?? null} theme={themeName} />
    </div>
  );
}

function Unavailable({ plan }: { plan: Exclude<ReturnType<typeof llcPlan>, { kind: 'ready' }> }) {
  return (
    <section className="llc-unavailable" aria-labelledby="llc-unavailable-title" data-testid="llc-unavailable">
      <h2 id="llc-unavailable-title">This cannot be sampled here</h2>
      {plan.kind === 'no-weights' && (
        <p>This is the report of an analysis: it holds readings and no weights to walk on. Drop the checkpoint itself. What was sampled from it elsewhere (the JSON of this page or of the command line) can be dropped here too.</p>
      )}
      {plan.kind === 'no-model' && (
        <p>A chain needs the loss at weights other than those in the file, so the network has to run. What is open here holds tensors or recorded taps and no architecture that is recognised. Curves that were sampled elsewhere can be imported below.</p>
      )}
      {plan.kind === 'too-large' && (
        <p>
          This network has {count(plan.weights)} weights. A walk holds several numbers for each, and a page has room for {count(plan.most)} weights or so. Sample it where there is more memory, by the command line
          (<code>npm run --silent cli -- llc FILE --json</code>) or another library, and import the curve below.
        </p>
      )}
    </section>
  );
}
