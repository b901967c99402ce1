/** The command line of the benchmark. */
import { parseArgs } from 'node:util';
import { HOSTS, TASKS } from './implementation';
import type { Host, Task } from './implementation';
import { SIZE_FORMS } from './problems';
import type { Plan } from './round-robin';

export interface Options {
  readonly plan: Plan;
  readonly hosts: readonly Host[];
  readonly json: boolean;
  readonly hardware: boolean;
}

export const USAGE = `npm run bench -- [options]

  --node               in Node, with WebGPU by Dawn (VK_ICD_FILENAMES chooses a Vulkan driver)
  --browser            in a headless Chromium; both where neither is named
  --gpu                Chromium on the machine's GPU instead of SwiftShader
  --task LIST          ${TASKS.join(', ')}; all where not given
  --size LIST          ${Object.values(SIZE_FORMS).join('; ')}: 512, 2048x512, 2048x512x4
  --implementation LIST  beginnings of names: deadreckon, tfjs, numpy ...
  --longest SECONDS    leave out what would take longer for one run (20)
  --quick              smaller sizes, fewer runs
  --json               {device, rows} on standard output and nothing else
`;

/** Throws an Error with a sentence. */
export function parseOptions(words: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...words],
    options: {
      node: { type: 'boolean', default: false },
      browser: { type: 'boolean', default: false },
      gpu: { type: 'boolean', default: false },
      task: { type: 'string' },
      size: { type: 'string' },
      implementation: { type: 'string' },
      longest: { type: 'string', default: '20' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const longestRun = Number(values.longest);
  if (!(longestRun > 0)) throw new Error(`--longest takes seconds, not '${values.longest}'.`);
  const named = HOSTS.filter((host) => values[host]);
  return {
    hosts: named.length > 0 ? named : HOSTS,
    json: values.json,
    hardware: values.gpu,
    plan: {
      tasks: values.task === undefined ? TASKS : list(values.task).map(taskOf),
      sizes: values.size === undefined ? null : list(values.size).map(sizeOf),
      implementations: list(values.implementation ?? ''),
      quick: values.quick,
      longestRun,
    },
  };
}

const list = (text: string) => text.split(',').map((word) => word.trim()).filter(Boolean);

function taskOf(word: string): Task {
  const task = TASKS.find((one) => one === word);
  if (!task) throw new Error(`--task: there is no '${word}' among ${TASKS.join(', ')}.`);
  return task;
}

function sizeOf(word: string): number[] {
  const size = word.split('x').map(Number);
  if (!(size.length in SIZE_FORMS) || !size.every((n) => Number.isInteger(n) && n > 0)) {
    throw new Error(`--size: '${word}' is none of ${Object.values(SIZE_FORMS).join('; ')}.`);
  }
  return size;
}
