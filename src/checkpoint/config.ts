/**
 * JSON beside the weights becomes metadata of the checkpoint: every scalar of config.json ('config.rope_scaling.type', 'config.layer_types.0') and of
 * adapter_config.json ('adapter.lora_alpha'), which tokens are special (tokenizer.json), and how far training was (trainer_state.json of transformers).
 */
import { baseName } from './format';
import type { Checkpoint } from './types';

const MAX_FIELDS = 2000;
/** Lists that are longer are no settings. */
const MAX_LIST = 512;
/** Names of classes are no settings either: those of ImageNet alone would leave no room for what stands behind them. */
const NAMES = ['id2label', 'label2id'];
const MAX_DEPTH = 4;
const MAX_TEXT = 1000;

/** Side file -> what is read of it. */
const READ: Readonly<Record<string, (value: object) => Map<string, string>>> = {
  'trainer_state.json': trainerState,
  'tokenizer.json': specialTokens,
  'config.json': (value) => scalars(value, 'config'),
  'adapter_config.json': (value) => scalars(value, 'adapter'),
};

/** Each checkpoint with the side files of its folder, or with the only one of a name in the drop where there is one checkpoint. */
export function withConfigs(checkpoints: readonly Checkpoint[], sides: ReadonlyMap<string, string>): Checkpoint[] {
  const known = Object.entries(READ).flatMap(([base, read]) => {
    const found = [...sides].filter(([name]) => baseName(name) === base);
    return found.length > 0 ? [{ found, read }] : [];
  });
  const only = checkpoints.filter(({ format }) => format !== 'PNG').length === 1;
  return checkpoints.map((checkpoint) => {
    const folder = folderOf(checkpoint.files[0]!.name);
    const metadata = known.flatMap(({ found, read }) => {
      const side = found.find(([name]) => folderOf(name) === folder) ?? (only && found.length === 1 ? found[0] : undefined);
      return side ? [...read(JSON.parse(side[1]))] : [];
    });
    // What is in the weights' own file comes first.
    return metadata.length === 0 ? checkpoint : { ...checkpoint, metadata: new Map([...metadata, ...checkpoint.metadata]) };
  });
}

export function folderOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')));
}

function scalars(value: unknown, path: string, depth = 0, found = new Map<string, string>()): Map<string, string> {
  if (value !== null && typeof value === 'object') {
    const list = Array.isArray(value);
    // Of a list, what is no scalar says nothing by its place alone.
    if (depth >= MAX_DEPTH || (list && (value.length > MAX_LIST || value.some((inner) => typeof inner === 'object')))) return found;
    for (const [key, inner] of Object.entries(value)) if (!NAMES.includes(key)) scalars(inner, `${path}.${key}`, depth + 1, found);
  } else if (found.size < MAX_FIELDS && path.length <= MAX_TEXT) found.set(path, String(value).slice(0, MAX_TEXT));
  return found;
}

/** 'trainer_state.global_step', and the last of each loss in its log. */
function trainerState(value: object): Map<string, string> {
  const { log_history: log, ...rest } = value as { log_history?: unknown };
  const found = scalars(rest, 'trainer_state');
  if (Array.isArray(log)) {
    for (const entry of log as unknown[]) {
      for (const key of ['loss', 'eval_loss']) {
        const loss = (entry as Record<string, unknown> | null)?.[key];
        if (typeof loss === 'number') found.set(`trainer_state.${key}`, String(loss));
      }
    }
  }
  return found;
}

/** 'tokenizer.special': ids that stand for no text, with commas. 'tokenizer.size': one more than the largest id. */
function specialTokens(value: object): Map<string, string> {
  const { added_tokens: added, model } = value as { added_tokens?: unknown; model?: { vocab?: unknown } };
  const tokens = (Array.isArray(added) ? added : []).filter((t): t is { id: number; special?: unknown } => Number.isInteger((t as { id?: unknown } | null)?.id));
  const vocabulary = model?.vocab;
  let size = tokens.reduce((n, { id }) => Math.max(n, id + 1), 0);
  if (Array.isArray(vocabulary)) size = Math.max(size, vocabulary.length);
  else if (vocabulary !== null && typeof vocabulary === 'object') for (const id of Object.values(vocabulary)) if (typeof id === 'number' && id >= size) size = id + 1;
  const special = tokens.filter((t) => t.special === true).map((t) => t.id);
  const found = new Map<string, string>();
  if (special.length > 0) found.set('tokenizer.special', special.join(','));
  if (size > 0) found.set('tokenizer.size', String(size));
  return found;
}
