/** config.json and adapter_config.json beside the weights: their scalars become metadata of the checkpoint, as 'config.rope_scaling.type', 'adapter.lora_alpha'. */
import { baseName } from './format';
import type { Checkpoint } from './types';

const MAX_FIELDS = 2000;
const MAX_DEPTH = 4;
const MAX_TEXT = 1000;

/** Each checkpoint with the config of its folder, or with the only one of the drop where there is one checkpoint. */
export function withConfigs(checkpoints: readonly Checkpoint[], sides: ReadonlyMap<string, string>): Checkpoint[] {
  return withConfig(withConfig(checkpoints, sides, 'config.json', 'config'), sides, 'adapter_config.json', 'adapter');
}

function withConfig(checkpoints: readonly Checkpoint[], sides: ReadonlyMap<string, string>, base: string, path: string): Checkpoint[] {
  const configs = [...sides].filter(([name]) => baseName(name) === base);
  if (configs.length === 0) return [...checkpoints];
  return checkpoints.map((checkpoint) => {
    const folder = folderOf(checkpoint.files[0]!.name);
    const found = configs.find(([name]) => folderOf(name) === folder) ?? (checkpoints.length === 1 && configs.length === 1 ? configs[0] : undefined);
    if (!found) return checkpoint;
    // What is in the weights' own file comes first.
    return { ...checkpoint, metadata: new Map([...scalars(JSON.parse(found[1]), path), ...checkpoint.metadata]) };
  });
}

function folderOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')));
}

function scalars(value: unknown, path: string, depth = 0, found = new Map<string, string>()): Map<string, string> {
  if (value !== null && typeof value === 'object') {
    if (depth < MAX_DEPTH && !Array.isArray(value)) for (const [key, inner] of Object.entries(value)) scalars(inner, `${path}.${key}`, depth + 1, found);
  } else if (found.size < MAX_FIELDS && path.length <= MAX_TEXT) found.set(path, String(value).slice(0, MAX_TEXT));
  return found;
}
