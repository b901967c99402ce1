/** What every host does: open what it can, measure it, close it. */
import { messageOf } from '../../../src/base/errors';
import type { Host, Implementation, Row } from '../implementation';
import { peers } from '../peers/registry';
import { measure } from '../round-robin';
import type { Plan } from '../round-robin';

/** A peer that is missing or does not start is left out with a line to `say`. `versions`: of what package.json does not know. */
export async function runHost(host: Host, plan: Plan, say: (line: string) => void): Promise<{ rows: Row[]; versions: string[] }> {
  const opened: Implementation[] = [];
  try {
    for (const { name, hosts, load } of peers) {
      const wanted = plan.implementations.length === 0 || plan.implementations.some((beginning) => name.startsWith(beginning));
      if (!wanted || !hosts.includes(host)) continue;
      try {
        opened.push(await (await load()).open(host));
      } catch (error) {
        say(`${host}: ${name} left out: ${messageOf(error).split('\n')[0]}`);
      }
    }
    const versions = new Set(opened.flatMap(({ version }) => version ?? []));
    return { rows: await measure(opened, plan, host, say), versions: [...versions] };
  } finally {
    for (const one of opened) one.dispose?.();
  }
}
