/** The command line's words -> what to do. */
import { parseArgs } from 'node:util';
import { readDirectionWord, type DirectionId } from '../analysis/direction-id';
import type { ProtocolSize } from '../analysis/experiment-record';
import { BACKENDS, FISHERS, LOSSES, Request } from '../analysis/request';
import { activationName } from '../model/layers/activations';
import { LLC_USAGE, parseLlc, type LlcCommand } from './llc-arguments';
import type { ProbeWords } from './open-paths';
import { pairs, probeFiles, probeWords, UsageError } from './words';

export const USAGE = `deadreckon: read the dead directions of a trained network

  npm run --silent cli -- analyze PATH… [options]
  npm run --silent cli -- verify REPORT PATH… [--probe FILE] [--json]
  npm run --silent cli -- trajectory PATH… [--steps S,S,…] [--reference NAME] [--direction ID] [--resume FILE] [options]
  npm run --silent cli -- experiment [NAME] [--full] [--set KEY=VALUE]… [--seed S] [--backend NAME] [--json] [--out FILE]

PATH is a checkpoint (safetensors, PyTorch, ONNX, Keras, npz, npy), a shard index or a TensorFlow.js model.json with its shards, a probe bundle, or a folder of these.
It may be elsewhere: hf:owner/repository[@revision][/path], revisions with commas (@step1,step2), or a URL. Only the parts needed are fetched.
A file that holds only 'inputs', and perhaps 'targets' and 'outputs', is used as the probe, and so are PNG pictures for networks that take images, and a text (.txt) where the
tokenizer.json of the network is among the files, or lies beside it in the repository.

  --probe FILE…       inputs, optional targets and outputs (npz, npy, safetensors), PNG files or a folder of them, or a text with --probe tokenizer.json beside it.
                      Outputs are those that another program computed: how far the network is from them here is said. Images may be
                      [N, h, w], [N, c, h, w] or [N, h, w, c]; preprocessor_config.json among the files says how pixels are scaled and
                      pictures cropped. Folders of pictures (dog/a.png, cat/b.png) are classes in the order of their names, where the
                      network has at least as many outputs
  --text "WORDS"      this text, through the tokenizer.json among the files
  --samples N         samples of the probe
  --positions T       positions of the built-in token probe, and tokens of a sequence of text
  --seed S            seed of the probe and of sampled labels (default 0)
  --loss ${LOSSES.join('|')}       loss_i = |f - y|^2 / 2, or -log p_y
  --fisher KIND       ${FISHERS.join(', ')} (default: empirical with targets, else sampled)
  --activation NAME   activation of the model, where the file does not say
  --choice KEY=VALUE  any other choice (normalization=none, attention=bidirectional, pixels=ImageNet); repeatable
  --layers GLOB       only layers with these names ('blocks.*.mlp.*,unembed.*')
  --threshold X       relative cut: eigenvalues under X * largest count as dead
  --digits P          digits that an eigenvalue above the floor should be known to (default 9 after a float64 pass, else 1)
  --folds B           blocks of samples for the error bars (0 = none)
  --directions        also the order and verdict of dead directions, the gauge audit, and (lambda, m, nu)
  --activations-only  no gradients: one pass over the file, up to the last layer that is selected
  --memory GB         what the analysis may take (default: half of what the machine has); larger networks are read part by part
  --parameter         also the N x N Gram of per-sample parameter gradients
  --backend NAME      ${BACKENDS.join(', ')} (default auto: cpu-f64, but webgpu where that saves a long wait)
  --steps S,S,…       trajectory: the step of every checkpoint, where names and files do not say (files in the order given, folders by name)
  --reference NAME    trajectory: the checkpoint that distances are measured to (default: the last)
  --direction ID      trajectory of one checkpoint: along a direction of 'analyze --directions' (dead-unit@layers.0#1), with its other options
  --resume FILE       trajectory: go on with a stopped one; a file of --out that exists is gone on with by itself
  --full              experiment: the protocol of the paper instead of the small one
  --set KEY=VALUE     experiment: one setting of its protocol, lists with commas (depths=2,3,4); repeatable
  --json              print the report as JSON, and nothing else, on standard output
  --out FILE          write the report to a file as well

verify runs the analysis of a report (of --out, --json or the page) again and compares every Gram matrix, bit for bit.
trajectory reads several checkpoints of one run and fits slopes; given one checkpoint, it reads along w + ε u for a random direction u instead, or --direction.
With --out every finished checkpoint is saved at once.
experiment without a NAME lists the experiments with their settings. They need no files.

${LLC_USAGE}
Exit code: 0 when something was analysed (verify: when all bits are the same), 1 when not, 2 when these words were not understood, 130 when interrupted.
`;

export interface AnalyzeCommand extends ProbeWords {
  kind: 'analyze';
  /** Run the request of the report among the paths, and compare. */
  verify: boolean;
  paths: string[];
  request: Request;
  json: boolean;
  out: string | null;
}

export interface ExperimentCommand {
  kind: 'experiment';
  /** Null: list them. */
  name: string | null;
  size: ProtocolSize;
  changes: Record<string, number | number[]>;
  seed: number;
  backend: Request['backend'];
  json: boolean;
  out: string | null;
}

export interface TrajectoryCommand extends Pick<AnalyzeCommand, 'paths' | 'probes' | 'text' | 'request' | 'json' | 'out'> {
  kind: 'trajectory';
  steps: number[] | null;
  reference: string | null;
  direction: DirectionId | null;
  resume: string | null;
}

/** @returns the command, or 'help'. @throws UsageError */
export function parseCommand(words: readonly string[]): AnalyzeCommand | TrajectoryCommand | ExperimentCommand | LlcCommand | 'help' {
  if (words[0] === 'llc') return parseLlc(words.slice(1));
  let parsed;
  try {
    parsed = parseArgs({
      args: probeFiles(words),
      allowPositionals: true,
      options: {
        probe: { type: 'string', multiple: true },
        text: { type: 'string' },
        samples: { type: 'string' },
        'activations-only': { type: 'boolean' },
        memory: { type: 'string' },
        positions: { type: 'string' },
        seed: { type: 'string' },
        loss: { type: 'string' },
        fisher: { type: 'string' },
        activation: { type: 'string' },
        choice: { type: 'string', multiple: true },
        layers: { type: 'string' },
        threshold: { type: 'string' },
        digits: { type: 'string' },
        folds: { type: 'string' },
        parameter: { type: 'boolean' },
        directions: { type: 'boolean' },
        steps: { type: 'string' },
        reference: { type: 'string' },
        direction: { type: 'string' },
        resume: { type: 'string' },
        full: { type: 'boolean' },
        set: { type: 'string', multiple: true },
        backend: { type: 'string' },
        json: { type: 'boolean' },
        out: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { values, positionals } = parsed;
  const [command, ...paths] = positionals;
  if (values.help || command === 'help' || (command === undefined && words.length === 0)) return 'help';
  const verify = command === 'verify';
  if (command !== 'analyze' && command !== 'experiment' && command !== 'trajectory' && !verify) {
    throw new UsageError(`there is no command '${command ?? ''}'; there are 'analyze', 'verify', 'trajectory', 'llc' and 'experiment'`);
  }
  if (command !== 'experiment' && paths.length === 0) throw new UsageError(`${command} needs a PATH`);
  const choices: Record<string, string> = {};
  if (values.activation) choices.activation = activationName(values.activation) ?? values.activation;
  for (const [key, value] of pairs('--choice', values.choice)) choices[key] = value;
  const number = (text: string | undefined) => (text === undefined || text.trim() === '' ? undefined : Number(text));
  const request = Request.safeParse({
    choices,
    samples: number(values.samples),
    positions: number(values.positions),
    seed: number(values.seed),
    threshold: number(values.threshold),
    digits: number(values.digits),
    folds: number(values.folds),
    loss: values.loss,
    fisher: values.fisher,
    layers: values.layers,
    backend: values.backend,
    gradients: values['activations-only'] ? false : undefined,
    memory: number(values.memory),
    parameter: values.parameter,
    directions: values.directions,
  });
  if (!request.success) {
    const issue = request.error.issues[0]!;
    throw new UsageError(`--${issue.path.map(String).join('.')}: ${issue.message}`);
  }
  const output = { json: values.json ?? false, out: values.out ?? null };
  if (command === 'experiment') {
    if (paths.length > 1) throw new UsageError(`experiment takes one NAME, not '${paths.join("' and '")}'`);
    const changes = Object.fromEntries(pairs('--set', values.set).map(([key, value]) => [key, numbers(`--set ${key}`, value)]));
    const { seed, backend } = request.data;
    return { kind: 'experiment', name: paths[0] ?? null, size: values.full ? 'full' : 'small', changes, seed, backend, ...output };
  }
  if (command === 'trajectory') {
    const steps = values.steps === undefined ? null : [numbers('--steps', values.steps)].flat();
    const direction = values.direction === undefined ? null : readDirectionWord(values.direction);
    if (values.direction !== undefined && direction === null) throw new UsageError(`--direction takes an ID as 'analyze --directions' prints them (dead-unit@layers.0#1), not '${values.direction}'`);
    return { kind: 'trajectory', direction, paths, ...probeWords(values), request: request.data, steps, reference: values.reference ?? null, resume: values.resume ?? null, ...output };
  }
  return { kind: 'analyze', verify, paths, ...probeWords(values), request: request.data, ...output };
}

/** One number, or those between commas. */
function numbers(option: string, text: string): number | number[] {
  const values = text.split(',').map((word) => (word.trim() === '' ? NaN : Number(word)));
  if (values.some(Number.isNaN)) throw new UsageError(`${option} takes numbers, not '${text}'`);
  return values.length === 1 ? values[0]! : values;
}
