/** What libraries wrote into test/fixtures: networks, the inputs on which they ran them, and what came out. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readProbeFile } from '../../src/analysis/probe-file';
import { openFiles } from '../../src/checkpoint/open';
import type { Checkpoint } from '../../src/checkpoint/types';
import { walkFiles } from '../../src/cli/file-source';
import type { Model } from '../../src/model/types';
import { probeFromFile } from '../../src/probe/file';
import type { Probe } from '../../src/probe/types';
import { ROOT } from '../analysis/run';

export const FIXTURES = join(ROOT, 'test/fixtures');

export interface Recorded {
  readonly logits: readonly number[];
  readonly shape: readonly number[];
  /** Of TensorFlow.js: the inputs, and the values of its variables. */
  readonly inputs?: readonly number[];
  readonly weights?: Readonly<Record<string, readonly number[]>>;
  readonly meanLoss?: number;
}

export function recorded(path: string): Recorded {
  return JSON.parse(readFileSync(join(FIXTURES, path), 'utf8')) as Recorded;
}

/** The one checkpoint of these files or folders: one drop. */
export async function fixture(...paths: string[]): Promise<Checkpoint> {
  const { checkpoints, refusals } = await openFiles((await walkFiles(paths.map((path) => join(FIXTURES, path)))).files);
  if (checkpoints.length !== 1 || refusals.length > 0) throw new Error(refusals.map((r) => r.message).join('; '));
  return checkpoints[0]!;
}

/** The inputs of PATH.probe.npz, and its targets. */
export async function fixtureProbe(path: string, model: Model): Promise<Probe> {
  const content = await readProbeFile(await fixture(`${path}.probe.npz`));
  return probeFromFile(content, { input: model.input, outputs: model.outputs, samples: null, positions: null, seed: 0 });
}
