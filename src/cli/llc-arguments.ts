/** The words of `llc` -> what to sample. */
import { parseArgs } from 'node:util';
import { LlcRequest } from '../analysis/llc-record';
import { LOSSES, Request } from '../analysis/request';
import { activationName } from '../model/layers/activations';
import type { ProbeWords } from './open-paths';
import { pairs, probeFiles, probeWords, UsageError } from './words';

export const LLC_USAGE = `  npm run --silent cli -- llc PATH… [options]

llc samples the local learning coefficient by Langevin dynamics (SGLD) around each checkpoint, with --probe, --text, --samples, --positions, --seed,
--loss, --activation, --choice, --json and --out as above, and

  --chains N          chains, each with a stream of its own of the seed (default 4); they walk on all cores
  --chain-seed N      seed of the chains alone (default: --seed): another one repeats the sampling on the same probe
  --burn-in N         steps of a chain before its draws (default 500)
  --draws N           draws of a chain (default 1500)
  --step X|auto       step size ε (default auto: a sweep, which says why)
  --gamma X[,X…]      localisation γ (default 1); of several the sweep takes the least that holds
  --nbeta X|auto      nβ (default auto: n / log n)
  --adjusted          accept or reject each step (MALA): no error of the step size
  --rmsprop           scale the step of each weight by its gradients, learnt during the burn-in
  --batch N           samples of a minibatch (default: all)
  --compare FILE      a curve made elsewhere (CSV: checkpoint,llc,std) beside ours
`;

export interface LlcCommand extends ProbeWords {
  kind: 'llc';
  paths: string[];
  request: Request;
  llc: LlcRequest;
  compare: string | null;
  json: boolean;
  out: string | null;
}

/** @returns the command, or 'help'. @throws UsageError */
export function parseLlc(words: readonly string[]): LlcCommand | 'help' {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  let parsed;
  try {
    parsed = parseArgs({
      args: probeFiles(words),
      allowPositionals: true,
      options: {
        probe: { type: 'string', multiple: true },
        text, samples: text, positions: text, seed: text, loss: text, activation: text,
        choice: { type: 'string', multiple: true },
        chains: text, 'chain-seed': text, 'burn-in': text, draws: text, step: text, gamma: text, nbeta: text, batch: text, compare: text, out: text,
        adjusted: flag, rmsprop: flag, json: flag,
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { values, positionals: paths } = parsed;
  if (values.help) return 'help';
  if (paths.length === 0) throw new UsageError('llc needs a PATH');
  if (values.loss !== undefined && !LOSSES.some((l) => l === values.loss)) throw new UsageError(`--loss is ${LOSSES.join(' or ')}, not '${values.loss}'`);
  const choices = Object.fromEntries(pairs('--choice', values.choice));
  if (values.activation) choices.activation = activationName(values.activation) ?? values.activation;
  const request = read(Request, {
    choices,
    samples: number('samples', values.samples),
    positions: number('positions', values.positions),
    seed: number('seed', values.seed),
    loss: values.loss,
  });
  const llc = read(LlcRequest, {
    chains: number('chains', values.chains),
    burnIn: number('burn-in', values['burn-in']),
    draws: number('draws', values.draws),
    step: automatic('step', values.step),
    gammas: values.gamma?.split(',').map((word) => number('gamma', word)),
    nbeta: automatic('nbeta', values.nbeta),
    batch: number('batch', values.batch),
    seed: number('chain-seed', values['chain-seed']),
    adjusted: values.adjusted,
    preconditioner: values.rmsprop ? 'rmsprop' : undefined,
  }, { burnIn: 'burn-in', gammas: 'gamma', seed: 'chain-seed' });
  return { kind: 'llc', paths, ...probeWords(values), request, llc, compare: values.compare ?? null, json: values.json ?? false, out: values.out ?? null };
}

function number(option: string, word: string | undefined): number | undefined {
  if (word === undefined) return undefined;
  const value = word.trim() === '' ? NaN : Number(word);
  if (Number.isNaN(value)) throw new UsageError(`--${option} takes a number, not '${word}'`);
  return value;
}

function automatic(option: string, word: string | undefined): number | null | undefined {
  return word === 'auto' ? null : number(option, word);
}

function read<T>(schema: { safeParse(value: unknown): { success: true; data: T } | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } } }, given: unknown, names: Readonly<Record<string, string>> = {}): T {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const option = names[String(issue.path[0])] ?? String(issue.path[0]);
  throw new UsageError(`--${option}: ${issue.message}`);
}
